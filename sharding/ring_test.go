// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharding_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	extensionsv1beta1 "k8s.io/api/extensions/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

var deployments = sharding.Kind{
	Main:       &appsv1.Deployment{},
	Controlled: []client.Object{&corev1.ConfigMap{}, &corev1.Service{}},
}

func TestRingLabels(t *testing.T) {
	g := NewWithT(t)
	ring := sharding.Ring{Name: "my-ring"}
	g.Expect(ring.LabelShard()).To(Equal("shard.alpha.sharding.timebertt.dev/my-ring"))
	g.Expect(ring.LabelDrain()).To(Equal("drain.alpha.sharding.timebertt.dev/my-ring"))
}

func TestRingValidateAccepts(t *testing.T) {
	metadataOnly := &metav1.PartialObjectMetadata{}
	metadataOnly.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("StatefulSet"))

	for name, ring := range map[string]sharding.Ring{
		"a kind that controls nothing":          {Name: "ring", Kinds: []sharding.Kind{{Main: &corev1.ConfigMap{}}}},
		"a kind and what it controls":           {Name: "ring", Kinds: []sharding.Kind{deployments}},
		"the longest name":                      {Name: strings.Repeat("a", 63), Kinds: []sharding.Kind{deployments}},
		"a kind that is known by metadata only": {Name: "ring", Kinds: []sharding.Kind{{Main: metadataOnly}}},
		"kinds of one name in two groups": {Name: "ring", Kinds: []sharding.Kind{
			deployments, {Main: &extensionsv1beta1.Deployment{}},
		}},
		"a kind that is controlled by two": {Name: "ring", Kinds: []sharding.Kind{
			deployments, {Main: &appsv1.StatefulSet{}, Controlled: []client.Object{&corev1.ConfigMap{}}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(ring.Validate(scheme.Scheme)).To(Succeed())
		})
	}
}

func TestRingValidateRefuses(t *testing.T) {
	type unregistered struct{ corev1.ConfigMap }

	for name, test := range map[string]struct {
		ring    sharding.Ring
		message string
	}{
		"an empty name":      {sharding.Ring{Kinds: []sharding.Kind{deployments}}, `ring name "": a lowercase RFC 1123 label must consist of`},
		"a name with dots":   {sharding.Ring{Name: "a.b", Kinds: []sharding.Kind{deployments}}, `ring name "a.b": must not contain dots`},
		"an upper-case name": {sharding.Ring{Name: "Ring", Kinds: []sharding.Kind{deployments}}, `ring name "Ring": a lowercase RFC 1123 label must consist of`},
		"a name of 64 characters": {
			sharding.Ring{Name: strings.Repeat("a", 64), Kinds: []sharding.Kind{deployments}}, "must be no more than 63",
		},
		"a bad selector": {
			sharding.Ring{Name: "ring", Kinds: []sharding.Kind{deployments}, Namespaces: &metav1.LabelSelector{
				MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}},
			}}, `ring "ring": selector of namespaces: "Near" is not a valid label selector operator`,
		},
		"no kinds":     {sharding.Ring{Name: "ring"}, `ring "ring" has no kinds`},
		"no main kind": {sharding.Ring{Name: "ring", Kinds: []sharding.Kind{{}}}, `ring "ring": expected pointer, but got invalid kind`},
		"a typed nil":  {sharding.Ring{Name: "ring", Kinds: []sharding.Kind{{Main: (*corev1.ConfigMap)(nil)}}}, `ring "ring": expected pointer, but got nil`},
		"a nil that it controls": {
			sharding.Ring{Name: "ring", Kinds: []sharding.Kind{{Main: &corev1.Pod{}, Controlled: []client.Object{nil}}}},
			`ring "ring": expected pointer, but got invalid kind`,
		},
		"a main kind that the scheme does not know": {
			sharding.Ring{Name: "ring", Kinds: []sharding.Kind{{Main: &unregistered{}}}}, `ring "ring": no kind is registered for the type`,
		},
		"a controlled kind that the scheme does not know": {
			sharding.Ring{Name: "ring", Kinds: []sharding.Kind{{Main: &corev1.Pod{}, Controlled: []client.Object{&unregistered{}}}}},
			`ring "ring": no kind is registered for the type`,
		},
		"a main kind twice": {
			sharding.Ring{Name: "ring", Kinds: []sharding.Kind{deployments, deployments}}, `ring "ring" names main kind Deployment.apps twice`,
		},
		"a kind that controls itself": {
			sharding.Ring{Name: "ring", Kinds: []sharding.Kind{{Main: &corev1.ConfigMap{}, Controlled: []client.Object{&corev1.ConfigMap{}}}}},
			`ring "ring" names kind ConfigMap both as main and as controlled`,
		},
		"a kind that is controlled by one kind and main later on": {
			sharding.Ring{Name: "ring", Kinds: []sharding.Kind{deployments, {Main: &corev1.Service{}}}},
			`ring "ring" names kind Service both as main and as controlled`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(test.ring.Validate(scheme.Scheme)).To(MatchError(ContainSubstring(test.message)))
		})
	}
}

func TestRingValidateReportsEverything(t *testing.T) {
	ring := sharding.Ring{Name: "My Ring", Kinds: []sharding.Kind{
		deployments, deployments, {}, {Main: &corev1.Secret{}, Controlled: []client.Object{&appsv1.Deployment{}, nil}},
	}}
	NewWithT(t).Expect(ring.Validate(scheme.Scheme)).To(MatchError(And(
		ContainSubstring(`ring name "My Ring"`),
		ContainSubstring("names main kind Deployment.apps twice"),
		ContainSubstring("names kind Deployment.apps both as main and as controlled"),
		ContainSubstring("expected pointer"),
	)))
}
