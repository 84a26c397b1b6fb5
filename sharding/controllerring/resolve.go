// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// resolved is what a ring's spec means for the API server at hand.
type resolved struct {
	scope      scope.Scope
	main       map[schema.GroupResource]admission.Kind
	controlled map[schema.GroupResource][]admission.Kind
	// problems are what of the spec cannot be done.
	problems []problem
	// retryAt is when it is worth resolving the spec again, or zero.
	retryAt time.Time
}

// resolve finds out what the spec means. What cannot be resolved is left out, and the rest works without it.
func resolve(ring *shardingv1alpha1.ControllerRing, find func(schema.GroupResource) (served, *notServed)) resolved {
	r := resolved{
		scope: scope.Scope{Ring: ring.Name},
		main:  map[schema.GroupResource]admission.Kind{}, controlled: map[schema.GroupResource][]admission.Kind{},
	}
	selector, err := namespaceSelector(ring)
	if err != nil {
		// Whichever namespaces were meant, sharding others would be worse than none.
		r.problems = append(r.problems, problem{reason: shardingv1alpha1.ReasonInvalidNamespaceSelector, message: fmt.Sprintf(
			"spec.namespaceSelector is invalid, so nothing is assigned: %v", err)})
		return r
	}
	r.scope.Namespaces = selector
	if len(ring.Spec.Resources) == 0 {
		r.problems = append(r.problems, problem{
			reason: shardingv1alpha1.ReasonNoResources, message: "spec.resources is empty, so there is nothing to assign",
		})
	}

	lookUp := func(resource shardingv1alpha1.GroupResource) (schema.GroupResource, served, bool) {
		name := schema.GroupResource{Group: resource.Group, Resource: resource.Resource}
		found, missing := find(name)
		if missing == nil {
			return name, found, true
		}
		if r.retryAt.IsZero() || missing.retryAt.Before(r.retryAt) {
			r.retryAt = missing.retryAt
		}
		r.problems = append(r.problems, problemNotServed(name, missing))
		return name, served{}, false
	}
	for _, resource := range ring.Spec.Resources {
		name, main, ok := lookUp(resource.GroupResource)
		if !ok {
			continue
		}
		mainKind := admission.Kind{GroupKind: main.kind.GroupKind(), Scope: main.scope}
		r.main[name] = mainKind
		scoped := scope.Resource{Kind: main.kind}
		for _, resource := range resource.ControlledResources {
			if name, controlled, ok := lookUp(resource); ok {
				r.controlled[name] = append(r.controlled[name], mainKind)
				scoped.Controlled = append(scoped.Controlled, controlled.kind)
			}
		}
		r.scope.Resources = append(r.scope.Resources, scoped)
	}
	return r
}

// namespaceSelector returns nil if all namespaces are selected.
func namespaceSelector(ring *shardingv1alpha1.ControllerRing) (labels.Selector, error) {
	if ring.Spec.NamespaceSelector == nil {
		return nil, nil
	}
	selector, err := metav1.LabelSelectorAsSelector(ring.Spec.NamespaceSelector)
	if err == nil && selector.Empty() {
		return nil, nil
	}
	return selector, err
}

// sameScope reports whether leading one is leading the other.
func sameScope(a, b scope.Scope) bool {
	return a.Ring == b.Ring && selectorString(a.Namespaces) == selectorString(b.Namespaces) &&
		slices.EqualFunc(a.Resources, b.Resources, func(a, b scope.Resource) bool {
			return a.Kind == b.Kind && slices.Equal(a.Controlled, b.Controlled)
		})
}

func selectorString(selector labels.Selector) string {
	if selector == nil {
		return ""
	}
	return selector.String()
}
