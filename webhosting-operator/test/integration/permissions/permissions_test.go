// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package permissions_test

import (
	"context"
	"maps"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

var _ = Describe("The roles grant what is used, and nothing else, where", func() {
	It("the operator is a singleton", func(ctx context.Context) {
		c := startCluster()
		c.apply(ctx, "config/overlays/singleton")
		p := c.runOperator(ctx, "singleton", "one")
		c.customize(ctx)
		c.scrape(ctx, p, operator)
		p.leave()

		c.expectUsed(ctx, operator)
	}, NodeTimeout(3*time.Minute))

	It("the operator is sharded", func(ctx context.Context) {
		c := startCluster()
		c.apply(ctx, "config/overlays/sharded")
		shards := map[string]process{}
		for _, name := range []string{"shard-1", "shard-2", "shard-3"} {
			shards[name] = c.runOperator(ctx, "sharded", name)
		}
		c.customize(ctx)
		c.rearrange(ctx, "sharded", shards)
		for _, p := range shards {
			c.scrape(ctx, p, operator)
			p.leave()
		}

		c.expectUsed(ctx, operator)
	}, NodeTimeout(4*time.Minute))

	It("the sharder runs apart", func(ctx context.Context) {
		c := startCluster()
		c.apply(ctx, "../config/default")
		c.apply(ctx, "config/overlays/sharded-dedicated")
		c.aggregateRoles(ctx)
		sharders, shards := []process{c.runSharder(ctx), c.runSharder(ctx)}, map[string]process{}
		for _, name := range []string{"shard-1", "shard-2", "shard-3"} {
			shards[name] = c.runOperator(ctx, "sharded-dedicated", name)
		}
		c.customize(ctx)
		c.rearrange(ctx, "sharded-dedicated", shards)

		By("losing the webhook's certificate, and having it spoilt")
		secret := c.webhookSecret(ctx, Default)
		Expect(c.admin.Delete(ctx, secret)).To(Succeed())
		Eventually(func(g Gomega) { g.Expect(c.webhookSecret(ctx, g).UID).NotTo(Equal(secret.UID)) }).Should(Succeed())
		spoilt := c.webhookSecret(ctx, Default)
		c.patch(ctx, spoilt, `{"data":null}`)
		Eventually(func(g Gomega) { g.Expect(c.webhookSecret(ctx, g).Data).NotTo(BeEmpty()) }).Should(Succeed())

		By("deleting the ring")
		ring := &shardingv1alpha1.ControllerRing{ObjectMeta: metav1.ObjectMeta{Name: "webhosting-operator"}}
		Expect(c.admin.Delete(ctx, ring)).To(Succeed())
		configuration := &admissionregistrationv1.MutatingWebhookConfiguration{}
		Eventually(func() error {
			return c.admin.Get(ctx, client.ObjectKey{Name: "sharding-webhosting-operator"}, configuration)
		}).Should(MatchError(ContainSubstring("not found")))

		for _, p := range slices.Concat(sharders, slices.Collect(maps.Values(shards))) {
			c.scrape(ctx, p, operator)
			p.leave()
		}

		c.expectUsed(ctx, operator)
		c.expectUsed(ctx, sharder)
	}, NodeTimeout(4*time.Minute))
})

// expectUsed compares what the account may do with what it did.
func (c *cluster) expectUsed(ctx context.Context, a account) {
	GinkgoHelper()
	requests := c.requests(a)
	Expect(requests).NotTo(BeEmpty())
	var refused, unused []string
	for _, r := range requests {
		if r.refused {
			refused = append(refused, r.String())
		}
	}
	for _, g := range c.grants(ctx, a) {
		if _, rare := rarelyUsed[g.String()]; !rare && !slices.ContainsFunc(requests, g.usedBy) {
			unused = append(unused, g.String())
		}
	}
	Expect(refused).To(BeEmpty(), "refused to %s", a.name)
	Expect(unused).To(BeEmpty(), "granted to %s, and never used", a.name)
}
