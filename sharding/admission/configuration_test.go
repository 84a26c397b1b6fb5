// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"flag"
	"os"
	"testing"

	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
)

var update = flag.Bool("update", false, "write the golden files again")

var service = admission.Server{
	Service:  &admissionregistrationv1.ServiceReference{Namespace: "sharding-system", Name: "sharder"},
	CABundle: []byte("bundle"),
}

func TestWebhookConfiguration(t *testing.T) {
	g := NewWithT(t)
	configuration := admission.WebhookConfiguration(cats(nil), admission.WebhookOptions{
		Namespaces:         &metav1.LabelSelector{MatchLabels: map[string]string{"example.com/home": "true"}},
		ExcludedNamespaces: []string{"sharding-system"},
		Server:             service,
		Owner:              &metav1.OwnerReference{APIVersion: "sharding.timebertt.dev/v1alpha1", Kind: "ControllerRing", Name: "cats", UID: "uid", Controller: new(true)},
	})
	got, err := yaml.Marshal(configuration)
	g.Expect(err).NotTo(HaveOccurred())

	const golden = "testdata/cats.yaml"
	if *update {
		g.Expect(os.WriteFile(golden, got, 0o600)).To(Succeed())
	}
	want, err := os.ReadFile(golden)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(got)).To(Equal(string(want)), "go test ./admission -update writes it again")
}

func TestWebhookConfigurationByURL(t *testing.T) {
	g := NewWithT(t)
	ring := cats(nil)
	ring.Controlled = nil
	webhooks := admission.WebhookConfiguration(ring, admission.WebhookOptions{
		Server: admission.Server{URL: "https://127.0.0.1:9443/", CABundle: []byte("bundle")},
	}).Webhooks

	g.Expect(webhooks).To(HaveLen(1))
	g.Expect(webhooks[0].Name).To(Equal("main.cats.sharding.timebertt.dev"))
	g.Expect(webhooks[0].ClientConfig).To(Equal(admissionregistrationv1.WebhookClientConfig{
		URL: new("https://127.0.0.1:9443/webhooks/sharder/controllerring/cats"), CABundle: []byte("bundle"),
	}))
	g.Expect(webhooks[0].NamespaceSelector.MatchExpressions).To(Equal([]metav1.LabelSelectorRequirement{
		{Key: "kubernetes.io/metadata.name", Operator: "NotIn", Values: []string{"kube-system"}},
	}))
}

func TestWebhookConfigurationForCertManager(t *testing.T) {
	g := NewWithT(t)
	server := service
	server.InjectCAFrom = "sharding-system/sharder"
	configuration := admission.WebhookConfiguration(cats(nil), admission.WebhookOptions{Server: server})

	g.Expect(configuration.Annotations).To(HaveKeyWithValue("cert-manager.io/inject-ca-from", "sharding-system/sharder"))
	g.Expect(configuration.Webhooks).To(HaveEach(HaveField("ClientConfig.CABundle", BeNil())))
}

func TestWebhookConfigurationOfAnEmptyRing(t *testing.T) {
	g := NewWithT(t)
	ring := cats(nil)
	ring.Main = nil
	ring.Controlled = map[schema.GroupResource][]admission.Kind{{Resource: "configmaps"}: nil} // nothing can control it
	g.Expect(admission.WebhookConfiguration(ring, admission.WebhookOptions{Server: service}).Webhooks).To(BeEmpty())
}
