// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharding_test

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

func TestControllerRingSaysTheSameToASharderOfItsOwn(t *testing.T) {
	g := NewWithT(t)
	ring := sharding.Ring{
		Name: "example",
		Kinds: []sharding.Kind{
			{Main: &appsv1.Deployment{}, Controlled: []client.Object{&corev1.ConfigMap{}}},
			{Main: &corev1.Secret{}},
		},
		Namespaces: &metav1.LabelSelector{MatchLabels: map[string]string{"sharded": "true"}},
	}
	controllerRing, err := ring.ControllerRing(scheme.Scheme, mapper())
	g.Expect(err).NotTo(HaveOccurred())
	manifest, err := yaml.Marshal(controllerRing)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(manifest)).To(MatchYAML(`
apiVersion: sharding.timebertt.dev/v1alpha1
kind: ControllerRing
metadata:
  name: example
spec:
  resources:
  - group: apps
    resource: deployments
  - group: ""
    resource: secrets
  namespaceSelector:
    matchLabels:
      sharded: "true"
`))
}

func TestControllerRingOfAnInvalidRing(t *testing.T) {
	g := NewWithT(t)
	_, err := sharding.Ring{Name: "a.b", Kinds: []sharding.Kind{{Main: &corev1.Secret{}}}}.ControllerRing(scheme.Scheme, mapper())
	g.Expect(err).To(MatchError(ContainSubstring(`ring name "a.b"`)))
}

func TestControllerRingOfAKindWithoutAResource(t *testing.T) {
	g := NewWithT(t)
	_, err := sharding.Ring{Name: "ring", Kinds: []sharding.Kind{{Main: &corev1.Node{}}}}.ControllerRing(scheme.Scheme, mapper())
	g.Expect(meta.IsNoMatchError(err)).To(BeTrue(), "%v", err)
}

// mapper knows Deployments and Secrets.
func mapper() meta.RESTMapper {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(appsv1.SchemeGroupVersion.WithKind("Deployment"), meta.RESTScopeNamespace)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Secret"), meta.RESTScopeNamespace)
	return mapper
}
