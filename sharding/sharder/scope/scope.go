// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package scope says what a sharder looks after in one ring, and what of it does not work.
package scope

import (
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// Scope is what a sharder looks after in one ring.
type Scope struct {
	// Ring is the ring's name.
	Ring string
	// Resources are the ring's main kinds, each at most once.
	Resources []Resource
	// Namespaces selects the namespaces whose objects are assigned. Nil means all. Cluster-scoped objects are always
	// selected.
	Namespaces labels.Selector
}

// Resource is a main kind, and the kinds controlled by it that the sharder labels as well, because the shards cannot.
type Resource struct {
	Kind       schema.GroupVersionKind
	Controlled []schema.GroupVersionKind
}

// Problem is why the objects of one kind cannot be looked after. It does not concern the ring's other kinds, and is tried
// again until it heals.
type Problem struct {
	Kind schema.GroupVersionKind
	Err  error
}

// Of returns the scope of a ring whose shards label what they control themselves.
func Of(ring sharding.Ring, scheme *runtime.Scheme) (Scope, error) {
	scope := Scope{Ring: ring.Name}
	if ring.Namespaces != nil {
		var err error
		if scope.Namespaces, err = metav1.LabelSelectorAsSelector(ring.Namespaces); err != nil {
			return Scope{}, err
		}
	}
	for _, kind := range ring.Kinds {
		gvk, err := apiutil.GVKForObject(kind.Main, scheme)
		if err != nil {
			return Scope{}, err
		}
		scope.Resources = append(scope.Resources, Resource{Kind: gvk})
	}
	return scope, nil
}

// Validate returns what makes no sense about the scope.
func (s Scope) Validate() error {
	var errs []error
	if s.Ring == "" {
		errs = append(errs, errors.New("a ring must have a name"))
	}
	seen := map[schema.GroupKind]bool{}
	for _, resource := range s.Resources {
		if kind := resource.Kind.GroupKind(); seen[kind] {
			errs = append(errs, fmt.Errorf("ring %q names main kind %s twice", s.Ring, kind))
		}
		seen[resource.Kind.GroupKind()] = true
	}
	for _, kind := range s.ControlledKinds() {
		if seen[kind.GroupKind()] {
			errs = append(errs, fmt.Errorf("ring %q names kind %s both as main and as controlled", s.Ring, kind.GroupKind()))
		}
	}
	return errors.Join(errs...)
}

// MainKinds returns the kinds that the shards reconcile.
func (s Scope) MainKinds() []schema.GroupVersionKind {
	kinds := make([]schema.GroupVersionKind, 0, len(s.Resources))
	for _, resource := range s.Resources {
		kinds = append(kinds, resource.Kind)
	}
	return kinds
}

// ControlledKinds returns the kinds that are labelled because of what controls them, each once.
func (s Scope) ControlledKinds() []schema.GroupVersionKind {
	var kinds []schema.GroupVersionKind
	for _, resource := range s.Resources {
		for _, kind := range resource.Controlled {
			if !slices.Contains(kinds, kind) {
				kinds = append(kinds, kind)
			}
		}
	}
	return kinds
}

// ControllerOf returns the main kind that the owner is of, if it controls objects of the controlled kind.
func (s Scope) ControllerOf(controlled, owner schema.GroupKind) (schema.GroupVersionKind, bool) {
	for _, resource := range s.Resources {
		for _, kind := range resource.Controlled {
			if resource.Kind.GroupKind() == owner && kind.GroupKind() == controlled {
				return resource.Kind, true
			}
		}
	}
	return schema.GroupVersionKind{}, false
}

// LabelShard returns the label that names an object's shard.
func (s Scope) LabelShard() string { return shardingv1alpha1.LabelShard(s.Ring) }

// LabelDrain returns the label by which an object's shard is asked to let it go.
func (s Scope) LabelDrain() string { return shardingv1alpha1.LabelDrain(s.Ring) }

// ListOf returns an empty list of objects of the kind. Clients cut off one suffix "List", so it has to be there, for the
// sake of kinds whose own name ends like that.
func ListOf(kind schema.GroupVersionKind) *metav1.PartialObjectMetadataList {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	return list
}
