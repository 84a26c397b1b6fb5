// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

var (
	catKind   = schema.GroupVersionKind{Group: "zoo", Version: "v1", Kind: "Cat"}
	dogKind   = schema.GroupVersionKind{Group: "zoo", Version: "v1", Kind: "Dog"}
	toyKind   = schema.GroupVersionKind{Version: "v1", Kind: "Toy"}
	retryAt   = time.Unix(1000, 0)
	catalogue = map[schema.GroupResource]served{
		{Group: "zoo", Resource: "cats"}: {kind: catKind},
		{Group: "zoo", Resource: "dogs"}: {kind: dogKind, scope: key.ClusterScoped},
		{Resource: "toys"}:               {kind: toyKind},
	}
)

func find(resource schema.GroupResource) (served, *notServed) {
	if found, ok := catalogue[resource]; ok {
		return found, nil
	}
	return served{}, &notServed{reason: "nobody knows it", retryAt: retryAt}
}

func resourceOf(group, resource string, controlled ...shardingv1alpha1.GroupResource) shardingv1alpha1.RingResource {
	return shardingv1alpha1.RingResource{
		GroupResource: shardingv1alpha1.GroupResource{Group: group, Resource: resource}, ControlledResources: controlled,
	}
}

func ringOf(resources ...shardingv1alpha1.RingResource) *shardingv1alpha1.ControllerRing {
	return &shardingv1alpha1.ControllerRing{
		ObjectMeta: metav1.ObjectMeta{Name: "zoo"}, Spec: shardingv1alpha1.ControllerRingSpec{Resources: resources},
	}
}

func TestResolve(t *testing.T) {
	g := NewWithT(t)
	toys := shardingv1alpha1.GroupResource{Resource: "toys"}
	got := resolve(ringOf(resourceOf("zoo", "cats", toys), resourceOf("zoo", "dogs", toys)), find)

	cat, dog := admission.Kind{GroupKind: catKind.GroupKind()}, admission.Kind{GroupKind: dogKind.GroupKind(), Scope: key.ClusterScoped}
	g.Expect(got.problems).To(BeEmpty())
	g.Expect(got.retryAt).To(BeZero())
	g.Expect(got.scope).To(Equal(scope.Scope{Ring: "zoo", Resources: []scope.Resource{
		{Kind: catKind, Controlled: []schema.GroupVersionKind{toyKind}}, {Kind: dogKind, Controlled: []schema.GroupVersionKind{toyKind}},
	}}))
	g.Expect(got.main).To(Equal(map[schema.GroupResource]admission.Kind{
		{Group: "zoo", Resource: "cats"}: cat, {Group: "zoo", Resource: "dogs"}: dog,
	}))
	g.Expect(got.controlled).To(Equal(map[schema.GroupResource][]admission.Kind{{Resource: "toys"}: {cat, dog}}))
}

func TestResolveLeavesOutWhatIsNotServed(t *testing.T) {
	g := NewWithT(t)
	fish := shardingv1alpha1.GroupResource{Group: "zoo", Resource: "fish"}
	got := resolve(ringOf(resourceOf("zoo", "cats", fish), resourceOf("zoo", "birds", fish)), find)
	g.Expect(got.scope.Resources).To(Equal([]scope.Resource{{Kind: catKind}}))
	g.Expect(got.retryAt).To(Equal(retryAt))
	g.Expect(got.problems).To(HaveLen(2))
	g.Expect(got.problems[0].message).To(ContainSubstring("fish.zoo cannot be sharded (nobody knows it)"))
	g.Expect(got.problems[1].message).To(ContainSubstring("birds.zoo cannot be sharded"))
}

func TestResolveSelector(t *testing.T) {
	g := NewWithT(t)
	ring := ringOf(resourceOf("zoo", "cats"))
	ring.Spec.NamespaceSelector = &metav1.LabelSelector{}
	g.Expect(resolve(ring, find).scope.Namespaces).To(BeNil())

	ring.Spec.NamespaceSelector.MatchLabels = map[string]string{"a": "b"}
	selector := resolve(ring, find).scope.Namespaces
	g.Expect(selector.Matches(labels.Set{"a": "b"})).To(BeTrue())
	g.Expect(selector.Matches(labels.Set{})).To(BeFalse())

	ring.Spec.NamespaceSelector.MatchLabels = map[string]string{"a b": "c"}
	got := resolve(ring, find)
	g.Expect(got.scope.Resources).To(BeEmpty())
	g.Expect(got.problems).To(HaveLen(1))
	g.Expect(got.problems[0].reason).To(Equal("InvalidNamespaceSelector"))
}

func TestSameScope(t *testing.T) {
	g := NewWithT(t)
	scope := func(change func(*shardingv1alpha1.ControllerRing)) scope.Scope {
		ring := ringOf(resourceOf("zoo", "cats", shardingv1alpha1.GroupResource{Resource: "toys"}), resourceOf("zoo", "dogs"))
		ring.Spec.NamespaceSelector = &metav1.LabelSelector{MatchLabels: map[string]string{"a": "b"}}
		change(ring)
		return resolve(ring, find).scope
	}
	same := scope(func(*shardingv1alpha1.ControllerRing) {})
	g.Expect(sameScope(same, scope(func(r *shardingv1alpha1.ControllerRing) { r.Labels = map[string]string{"c": "d"} }))).To(BeTrue())
	for name, change := range map[string]func(*shardingv1alpha1.ControllerRing){
		"fewer resources":    func(r *shardingv1alpha1.ControllerRing) { r.Spec.Resources = r.Spec.Resources[:1] },
		"nothing controlled": func(r *shardingv1alpha1.ControllerRing) { r.Spec.Resources[0].ControlledResources = nil },
		"another selector":   func(r *shardingv1alpha1.ControllerRing) { r.Spec.NamespaceSelector.MatchLabels["a"] = "c" },
		"no selector":        func(r *shardingv1alpha1.ControllerRing) { r.Spec.NamespaceSelector = nil },
	} {
		g.Expect(sameScope(same, scope(change))).To(BeFalse(), name)
	}
}
