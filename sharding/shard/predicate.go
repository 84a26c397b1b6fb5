// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

// Predicate returns a predicate for the main kind that holds if all the given ones do, or if the object is draining: a
// controller that looks at changes of the spec alone would never notice that.
func (s *Shard) Predicate(predicates ...predicate.Predicate) predicate.Predicate {
	draining := predicate.NewPredicateFuncs(func(object client.Object) bool {
		_, draining := object.GetLabels()[s.ring.LabelDrain()]
		return draining
	})
	return predicate.Or(draining, predicate.And(predicates...))
}
