// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
)

const labelSelected = "example.com/selected"

func options() admission.WebhookOptions {
	return admission.WebhookOptions{
		Namespaces:         &metav1.LabelSelector{MatchLabels: map[string]string{labelSelected: "true"}},
		ExcludedNamespaces: []string{secretKey.Namespace},
		Server:             admission.Server{URL: url, CABundle: keeper.CABundle()},
	}
}

// apply configures the webhook until the test ends.
func apply(ctx context.Context, options admission.WebhookOptions) bool {
	GinkgoHelper()
	return applyConfiguration(ctx, admission.WebhookConfiguration(exampleRing(), options))
}

// applyPatiently is apply for tests that expect each request to be answered: the API server waits much longer than it does
// by default, so that a busy machine changes nothing.
func applyPatiently(ctx context.Context, options admission.WebhookOptions) bool {
	GinkgoHelper()
	configuration := admission.WebhookConfiguration(exampleRing(), options)
	for i := range configuration.Webhooks {
		configuration.Webhooks[i].TimeoutSeconds = new(int32(30))
	}
	return applyConfiguration(ctx, configuration)
}

func applyConfiguration(ctx context.Context, configuration *admissionregistrationv1.MutatingWebhookConfiguration) bool {
	GinkgoHelper()
	changed, err := admission.Apply(ctx, apiServer, configuration)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(apiServer.Delete(ctx, configuration))).To(Succeed())
		namespace := newNamespace(ctx, map[string]string{labelSelected: "true"})
		Eventually(func(g Gomega) { // the API server notices in the background
			probe := newDeployment(namespace, "probe")
			g.Expect(apiServer.Create(ctx, probe, client.DryRunAll)).To(Succeed())
			g.Expect(probe.Labels).NotTo(HaveKey(labelShard))
		}).Should(Succeed())
	})
	return changed
}

// awaitWebhook waits until the API server asks the webhook about objects of the namespace.
func awaitWebhook(ctx context.Context, namespace string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		probe := newDeployment(namespace, "probe")
		g.Expect(apiServer.Create(ctx, probe, client.DryRunAll)).To(Succeed())
		g.Expect(probe.Labels).To(HaveKey(labelShard))
	}).Should(Succeed())
}

// newNamespace returns the name of a new namespace.
func newNamespace(ctx context.Context, labels map[string]string) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Labels: labels}}
	Expect(apiServer.Create(ctx, namespace)).To(Succeed())
	return namespace.Name
}

func newDeployment(namespace, name string) *appsv1.Deployment {
	labels := map[string]string{"app": "test"}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	deployment.Spec.Selector = &metav1.LabelSelector{MatchLabels: labels}
	deployment.Spec.Template.Labels = labels
	deployment.Spec.Template.Spec.Containers = []corev1.Container{{Name: "test", Image: "test"}}
	return deployment
}

// callsDuring returns how often the webhook is called while the function runs.
func callsDuring(run func()) int {
	before := calls.Load()
	run()
	return int(calls.Load() - before)
}
