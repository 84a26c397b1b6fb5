// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

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

// scopeOf returns the scope of a ring whose shards label what they control themselves.
func scopeOf(ring sharding.Ring, scheme *runtime.Scheme) (Scope, error) {
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

func (s Scope) validate() error {
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
	for _, kind := range s.controlledKinds() {
		if seen[kind.GroupKind()] {
			errs = append(errs, fmt.Errorf("ring %q names kind %s both as main and as controlled", s.Ring, kind.GroupKind()))
		}
	}
	return errors.Join(errs...)
}

func (s Scope) mainKinds() []schema.GroupVersionKind {
	kinds := make([]schema.GroupVersionKind, 0, len(s.Resources))
	for _, resource := range s.Resources {
		kinds = append(kinds, resource.Kind)
	}
	return kinds
}

// controlledKinds returns the kinds that are labelled because of what controls them, each once.
func (s Scope) controlledKinds() []schema.GroupVersionKind {
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

// controllerOf returns the main kind that the owner is of, if it controls objects of the controlled kind.
func (s Scope) controllerOf(controlled, owner schema.GroupKind) (schema.GroupVersionKind, bool) {
	for _, resource := range s.Resources {
		for _, kind := range resource.Controlled {
			if resource.Kind.GroupKind() == owner && kind.GroupKind() == controlled {
				return resource.Kind, true
			}
		}
	}
	return schema.GroupVersionKind{}, false
}

func (s Scope) labelShard() string { return shardingv1alpha1.LabelShard(s.Ring) }

func (s Scope) labelDrain() string { return shardingv1alpha1.LabelDrain(s.Ring) }
