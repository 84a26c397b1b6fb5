// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// series returns the names of the metrics that know the ring.
func series(g Gomega, ring string) []string {
	families, err := metrics.Registry.Gather()
	g.Expect(err).NotTo(HaveOccurred())
	names := []string{}
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if label.GetName() == "ring" && label.GetValue() == ring {
					names = append(names, family.GetName())
				}
			}
		}
	}
	return names
}

// webhooks returns the webhook configuration of the ring.
func webhooks(ctx context.Context, ring string) (*admissionregistrationv1.MutatingWebhookConfiguration, error) {
	configuration := &admissionregistrationv1.MutatingWebhookConfiguration{}
	return configuration, api.Get(ctx, client.ObjectKey{Name: "sharding-" + ring}, configuration)
}

var _ = Describe("A ring", func() {
	It("is sharded from when it is created until it is deleted, as its spec says", func(ctx context.Context) {
		namespace := newNamespace(ctx, nil)
		startSharder(restConfig, "lifecycle")
		newShard(ctx, namespace, "lifecycle", "shard-a")

		By("creating it")
		ring := newRing(ctx, "lifecycle", "configmaps")
		before := newObject(ctx, configMaps, namespace, "lifecycle")
		Eventually(before).WithContext(ctx).Should(Equal("shard-a"))
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(Equal("True Sharded 1/1: all resources are sharded"))
		Expect(ring.Status.ObservedGeneration).To(Equal(ring.Generation))
		Eventually(series).WithArguments("lifecycle").Should(ContainElement("controller_sharding_ring_ready"))

		configuration, err := webhooks(ctx, "lifecycle")
		Expect(err).NotTo(HaveOccurred())
		Expect(configuration.Webhooks).To(HaveLen(1))
		Expect(configuration.Webhooks[0].Rules).To(HaveLen(1))
		Expect(configuration.Webhooks[0].Rules[0].Resources).To(HaveExactElements("configmaps"))
		Expect(configuration.Webhooks[0].NamespaceSelector.MatchExpressions[0].Values).To(ContainElement("sharding-system"))

		By("changing it")
		ring.Spec.Resources = []shardingv1alpha1.RingResource{mainOf("", "secrets")}
		Expect(api.Update(ctx, ring)).To(Succeed())
		Eventually(newObject(ctx, secrets, namespace, "lifecycle")).WithContext(ctx).Should(Equal("shard-a"))
		Eventually(func(g Gomega) {
			configuration, err := webhooks(ctx, "lifecycle")
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(configuration.Webhooks[0].Rules[0].Resources).To(HaveExactElements("secrets"))
		}).Should(Succeed())
		Consistently(newObject(ctx, configMaps, namespace, "lifecycle")).WithContext(ctx).WithTimeout(300 * time.Millisecond).Should(BeEmpty())

		By("deleting it")
		Expect(api.Delete(ctx, ring)).To(Succeed())
		Eventually(func() error { _, err := webhooks(ctx, "lifecycle"); return err }).Should(Satisfy(apierrors.IsNotFound))
		Eventually(series).WithArguments("lifecycle").Should(BeEmpty())
		Consistently(newObject(ctx, secrets, namespace, "lifecycle")).WithContext(ctx).WithTimeout(300 * time.Millisecond).Should(BeEmpty())
	})

	It("is taken over by another replica", func(ctx context.Context) {
		namespace := newNamespace(ctx, nil)
		newShard(ctx, namespace, "takeover", "shard-a")
		newRing(ctx, "takeover", "configmaps")
		first := startSharder(restConfig, "takeover")
		Eventually(first.leads).Should(BeClosed())
		second := startSharder(restConfig, "takeover")
		Eventually(func() error { return second.rings.Ready(request(ctx)) }).Should(Succeed())
		Eventually(newObject(ctx, configMaps, namespace, "takeover")).WithContext(ctx).Should(Equal("shard-a"))
		Expect(second.leads).NotTo(BeClosed())

		Eventually(func(g Gomega) { // ready are the shards; what is served may be found out a moment later
			served, known := second.rings.Ring("takeover")
			g.Expect(known).To(BeTrue())
			g.Expect(served.Membership().Available()).To(HaveExactElements("shard-a"))
			g.Expect(served.Main).To(HaveLen(1))
		}).Should(Succeed())

		first.stop()
		Eventually(newObject(ctx, configMaps, namespace, "takeover")).WithContext(ctx).Should(Equal("shard-a"))
		Eventually(second.leads).Should(BeClosed())
	})

	It("gets its webhook configuration back", func(ctx context.Context) {
		startSharder(restConfig, "webhook")
		newRing(ctx, "webhook", "configmaps")
		Eventually(func() error { _, err := webhooks(ctx, "webhook"); return err }).Should(Succeed())
		configuration, err := webhooks(ctx, "webhook")
		Expect(err).NotTo(HaveOccurred())
		Expect(api.Delete(ctx, configuration)).To(Succeed())
		Eventually(func() error { _, err := webhooks(ctx, "webhook"); return err }).Should(Succeed())
	})
})
