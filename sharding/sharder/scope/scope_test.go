// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package scope_test

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

var (
	deployments  = appsv1.SchemeGroupVersion.WithKind("Deployment")
	daemonSets   = appsv1.SchemeGroupVersion.WithKind("DaemonSet")
	configMaps   = corev1.SchemeGroupVersion.WithKind("ConfigMap")
	replicaSets  = appsv1.SchemeGroupVersion.WithKind("ReplicaSet")
	withControls = scope.Scope{Ring: "my-ring", Resources: []scope.Resource{
		{Kind: deployments, Controlled: []schema.GroupVersionKind{replicaSets, configMaps}},
		{Kind: daemonSets, Controlled: []schema.GroupVersionKind{configMaps}},
	}}
)

func TestScopeOfARing(t *testing.T) {
	g := NewWithT(t)
	got, err := scope.Of(sharding.Ring{
		Name: "my-ring", Kinds: []sharding.Kind{{Main: &appsv1.Deployment{}}, {Main: &appsv1.DaemonSet{}}},
		Namespaces: &metav1.LabelSelector{MatchLabels: map[string]string{"project": "true"}},
	}, scheme.Scheme)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(got.Ring).To(Equal("my-ring"))
	g.Expect(got.Resources).To(Equal([]scope.Resource{{Kind: deployments}, {Kind: daemonSets}}))
	g.Expect(got.Namespaces.String()).To(Equal("project=true"))
}

func TestKinds(t *testing.T) {
	g := NewWithT(t)
	g.Expect(withControls.MainKinds()).To(Equal([]schema.GroupVersionKind{deployments, daemonSets}))
	g.Expect(withControls.ControlledKinds()).To(Equal([]schema.GroupVersionKind{replicaSets, configMaps}), "each once")
}

func TestControllerOf(t *testing.T) {
	for title, test := range map[string]struct {
		controlled, owner schema.GroupVersionKind
		controls          bool
	}{
		"its main kind":                    {replicaSets, deployments, true},
		"another main kind of it":          {configMaps, daemonSets, true},
		"a main kind that does not":        {replicaSets, daemonSets, false},
		"a kind that the ring knows not":   {configMaps, replicaSets, false},
		"a kind that is not controlled":    {daemonSets, deployments, false},
		"a kind that is a main one itself": {deployments, deployments, false},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			kind, controls := withControls.ControllerOf(test.controlled.GroupKind(), test.owner.GroupKind())
			g.Expect(controls).To(Equal(test.controls))
			if test.controls {
				g.Expect(kind).To(Equal(test.owner))
			}
		})
	}
}

func TestValidate(t *testing.T) {
	g := NewWithT(t)
	g.Expect(withControls.Validate()).To(Succeed())
	g.Expect(scope.Scope{Ring: "my-ring"}.Validate()).To(Succeed(), "a ring may have nothing so far")
	for message, invalid := range map[string]scope.Scope{
		"a ring must have a name": {},
		`ring "my-ring" names main kind Deployment.apps twice`: {
			Ring: "my-ring", Resources: []scope.Resource{{Kind: deployments}, {Kind: deployments}},
		},
		`ring "my-ring" names kind Deployment.apps both as main and as controlled`: {
			Ring: "my-ring", Resources: []scope.Resource{{Kind: deployments}, {Kind: daemonSets, Controlled: []schema.GroupVersionKind{deployments}}},
		},
	} {
		g.Expect(invalid.Validate()).To(MatchError(message))
	}
}

// A client takes the kind of a list without one suffix.
func TestListOf(t *testing.T) {
	g := NewWithT(t)
	g.Expect(scope.ListOf(deployments).Kind).To(Equal("DeploymentList"))
	g.Expect(scope.ListOf(appsv1.SchemeGroupVersion.WithKind("AllowList")).Kind).To(Equal("AllowListList"))
}
