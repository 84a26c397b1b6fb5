// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// Declared returns the ring that an operator declares in Go. It has main resources only: its shards label what they
// control themselves. It fails if the API server does not serve one of them.
func Declared(ring sharding.Ring, scheme *runtime.Scheme, mapper meta.RESTMapper, membership func() *plan.Membership) (Ring, error) {
	declared := Ring{Name: ring.Name, Membership: membership, Main: map[schema.GroupResource]Kind{}}
	for _, kind := range ring.Kinds {
		gvk, err := apiutil.GVKForObject(kind.Main, scheme)
		if err != nil {
			return Ring{}, fmt.Errorf("finding a kind of ring %q: %w", ring.Name, err)
		}
		mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			return Ring{}, fmt.Errorf("finding the resource of kind %s: %w", gvk.GroupKind(), err)
		}
		scope := key.ClusterScoped
		if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
			scope = key.Namespaced
		}
		declared.Main[mapping.Resource.GroupResource()] = Kind{GroupKind: gvk.GroupKind(), Scope: scope}
	}
	return declared, nil
}
