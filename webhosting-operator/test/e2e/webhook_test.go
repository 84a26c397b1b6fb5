// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"bytes"
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// admitted looks at what the sharder's webhook does, which the API server reaches by its Service.
func admitted() {
	It("assigns in the creating request, also with a certificate that has just been replaced", func(ctx context.Context) {
		inMode(ctx, dedicated)
		Eventually(ctx, shardAtAdmission).ShouldNot(BeEmpty())
		trusted := trustedCAs(ctx)

		By("making new certificates")
		begin := time.Now()
		Expect(admin.Delete(ctx, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: sharderNamespace, Name: "sharder-webhook"}})).To(Succeed())
		Eventually(ctx, func(ctx context.Context) bool { return bytes.Equal(trustedCAs(ctx), trusted) }).Should(BeFalse())
		Eventually(ctx, shardAtAdmission).ShouldNot(BeEmpty())
		note("new certificate until the webhook assigns with it", "%s", seconds(begin))
		expectAssignsSteadily(ctx)
		expectOperatorWorks(ctx)
	}, SpecTimeout(specTimeout))
}

// expectAssignsSteadily waits until the webhook has assigned many times in a row, so by each of its instances.
func expectAssignsSteadily(ctx context.Context) {
	GinkgoHelper()
	inARow := 0
	Eventually(ctx, func(g Gomega) {
		shard, err := shardAtAdmission(ctx)
		inARow++
		if shard == "" {
			inARow = 0
		}
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(inARow).To(BeNumerically(">=", 10))
	}).Should(Succeed())
}

// shardAtAdmission returns the shard that a website would get with the request that creates it.
func shardAtAdmission(ctx context.Context) (string, error) {
	site := &v1alpha1.Website{
		ObjectMeta: metav1.ObjectMeta{Namespace: projects[0], Name: "admitted"},
		Spec:       v1alpha1.WebsiteSpec{Theme: "lemon"},
	}
	err := admin.Create(ctx, site, client.DryRunAll)
	return site.Labels[shardLabel], err
}

// trustedCAs is by what the API server knows the webhook.
func trustedCAs(ctx context.Context) []byte {
	GinkgoHelper()
	configuration := &admissionregistrationv1.MutatingWebhookConfiguration{}
	Expect(admin.Get(ctx, client.ObjectKey{Name: "sharding-webhosting-operator"}, configuration)).To(Succeed())
	config := configuration.Webhooks[0].ClientConfig
	Expect(config.Service).To(HaveField("Name", sharderName))
	return config.CABundle
}
