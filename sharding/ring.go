// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharding

import (
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// Ring is one sharded controller: what it is called and what it works on. An operator declares its ring once; shards
// and sharder derive everything else from it.
type Ring struct {
	// Name identifies the ring in labels and leases. It must be a DNS label, so at most 63 characters.
	Name string

	// Kinds are the kinds that the controller reconciles, each at most once.
	Kinds []Kind

	// Namespaces selects the namespaces whose objects are assigned, by their labels. Nil means all. Cluster-scoped objects
	// are assigned in any case.
	Namespaces *metav1.LabelSelector
}

// Kind is a main kind of a ring together with the kinds it controls.
type Kind struct {
	// Main is an empty object of the kind that is reconciled.
	Main client.Object

	// Controlled are empty objects of the kinds that carry a controller reference to an object of the main kind. A
	// shard caches only those that carry its label, so the reconciler has to set it (see shard.Shard.Labels).
	Controlled []client.Object
}

// LabelShard returns the key of this ring's shard label.
func (r Ring) LabelShard() string { return shardingv1alpha1.LabelShard(r.Name) }

// LabelDrain returns the key of this ring's drain label.
func (r Ring) LabelDrain() string { return shardingv1alpha1.LabelDrain(r.Name) }

// Validate reports everything that is wrong with the ring, given the scheme that knows its kinds.
func (r Ring) Validate(scheme *runtime.Scheme) error {
	var errs []error
	for _, message := range validation.IsDNS1123Label(r.Name) {
		errs = append(errs, fmt.Errorf("ring name %q: %s", r.Name, message))
	}
	if len(r.Kinds) == 0 {
		errs = append(errs, fmt.Errorf("ring %q has no kinds", r.Name))
	}
	if _, err := metav1.LabelSelectorAsSelector(r.Namespaces); err != nil {
		errs = append(errs, fmt.Errorf("ring %q: selector of namespaces: %w", r.Name, err))
	}
	mains := map[schema.GroupKind]bool{}
	for _, kind := range r.Kinds {
		gvk, err := apiutil.GVKForObject(kind.Main, scheme)
		if err != nil {
			errs = append(errs, fmt.Errorf("ring %q: %w", r.Name, err))
			continue
		}
		if mains[gvk.GroupKind()] {
			errs = append(errs, fmt.Errorf("ring %q names main kind %s twice", r.Name, gvk.GroupKind()))
		}
		mains[gvk.GroupKind()] = true
	}
	for _, kind := range r.Kinds {
		for _, controlled := range kind.Controlled {
			gvk, err := apiutil.GVKForObject(controlled, scheme)
			if err != nil {
				errs = append(errs, fmt.Errorf("ring %q: %w", r.Name, err))
				continue
			}
			if mains[gvk.GroupKind()] {
				errs = append(errs, fmt.Errorf("ring %q names kind %s both as main and as controlled", r.Name, gvk.GroupKind()))
			}
		}
	}
	return errors.Join(errs...)
}
