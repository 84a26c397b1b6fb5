// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/util/validation"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// ValidateName returns an error if the name cannot be that of a shard: it has to be a valid name of a Lease (a DNS
// subdomain) and a valid label value, or no object could be labelled with it; and it must not be the name by which sharders
// hold the leases of others, or a lease that the sharder took would look like one that its shard holds.
func ValidateName(name string) error {
	var errs []error
	for _, message := range append(validation.IsDNS1123Subdomain(name), validation.IsValidLabelValue(name)...) {
		errs = append(errs, fmt.Errorf("shard name %q: %s", name, message))
	}
	if name == shardingv1alpha1.HolderSharder {
		errs = append(errs, fmt.Errorf("shard name %q: it is reserved for the sharder", name))
	}
	return errors.Join(errs...)
}
