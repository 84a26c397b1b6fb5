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
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

const shardLabel = "shard.alpha.sharding.timebertt.dev/webhosting-operator"

// customize does what people do with websites and themes, and waits until the operator has done its part.
func (c *cluster) customize(ctx context.Context) {
	GinkgoHelper()
	c.apply(ctx, "config/samples")
	c.awaitReason(ctx, "orchard", "RollingOut")

	By("changing a theme, and an object that belongs to the operator")
	theme := &v1alpha1.Theme{ObjectMeta: metav1.ObjectMeta{Name: "lagoon"}}
	before := c.deployment(ctx, "orchard").Generation
	c.patch(ctx, theme, `{"spec":{"color":"red"}}`)
	Eventually(func() int64 { return c.deployment(ctx, "orchard").Generation }).Should(BeNumerically(">", before))
	deployment := c.deployment(ctx, "orchard")
	c.patch(ctx, deployment, `{"spec":{"replicas":7}}`)
	Eventually(func() int32 { return ptr.Deref(c.deployment(ctx, "orchard").Spec.Replicas, 1) }).Should(BeEquivalentTo(1))

	By("naming a theme that is not there")
	site := &v1alpha1.Website{ObjectMeta: metav1.ObjectMeta{Namespace: "project-garden", Name: "orchard"}}
	c.patch(ctx, site, `{"spec":{"theme":"nowhere"}}`)
	c.awaitReason(ctx, "orchard", "ThemeNotFound")
	c.patch(ctx, site, `{"spec":{"theme":"lemon"}}`)
	c.awaitReason(ctx, "orchard", "RollingOut")

	By("deleting a website")
	Expect(c.admin.Delete(ctx, &v1alpha1.Website{ObjectMeta: metav1.ObjectMeta{Namespace: "project-garden", Name: "roses"}})).To(Succeed())
}

// rearrange has shards crash, join and leave, and one leave a lease behind.
func (c *cluster) rearrange(ctx context.Context, overlay string, shards map[string]process) {
	GinkgoHelper()
	Eventually(c.owners).WithArguments(ctx).Should(ConsistOf(slices.Collect(maps.Keys(shards))))

	By("a shard crashes, and long ago another one did")
	c.leaveLease(ctx, "shard-0")
	shards["shard-2"].Kill().Wait()
	delete(shards, "shard-2")
	Eventually(c.owners).WithArguments(ctx).Should(ConsistOf(slices.Collect(maps.Keys(shards))))
	Eventually(func() error {
		return c.admin.Get(ctx, client.ObjectKey{Namespace: operator.namespace, Name: "shard-0"}, &coordinationv1.Lease{})
	}).Should(MatchError(ContainSubstring("not found")))

	By("a shard joins")
	shards["shard-4"] = c.runOperator(ctx, overlay, "shard-4")
	Eventually(c.owners).WithArguments(ctx).Should(ConsistOf(slices.Collect(maps.Keys(shards))))
}

// leaveLease makes a lease that its shard gave up long ago.
func (c *cluster) leaveLease(ctx context.Context, name string) {
	GinkgoHelper()
	longAgo := metav1.NewMicroTime(time.Now().Add(-time.Hour))
	Expect(c.admin.Create(ctx, &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: operator.namespace, Name: name, Labels: map[string]string{shardingv1alpha1.LabelControllerRing: "webhosting-operator"},
		},
		Spec: coordinationv1.LeaseSpec{RenewTime: &longAgo, LeaseDurationSeconds: new(int32(15))},
	})).To(Succeed())
}

// owners returns the shards that own websites, and "" if a website has none.
func (c *cluster) owners(ctx context.Context) ([]string, error) {
	websites := &v1alpha1.WebsiteList{}
	if err := c.admin.List(ctx, websites); err != nil {
		return nil, err
	}
	owners := map[string]bool{}
	for _, site := range websites.Items {
		owners[site.Labels[shardLabel]] = true
	}
	return slices.Sorted(maps.Keys(owners)), nil
}

func (c *cluster) awaitReason(ctx context.Context, name, reason string) {
	GinkgoHelper()
	site := &v1alpha1.Website{}
	Eventually(func(g Gomega) {
		g.Expect(c.admin.Get(ctx, client.ObjectKey{Namespace: "project-garden", Name: name}, site)).To(Succeed())
		g.Expect(site.Status.Conditions).To(ConsistOf(HaveField("Reason", reason)))
	}).Should(Succeed())
}

func (c *cluster) deployment(ctx context.Context, website string) *appsv1.Deployment {
	GinkgoHelper()
	deployments := &appsv1.DeploymentList{}
	Expect(c.admin.List(ctx, deployments, client.InNamespace("project-garden"))).To(Succeed())
	for _, item := range deployments.Items {
		if metav1.GetControllerOf(&item).Name == website {
			return &item
		}
	}
	Fail("no deployment of " + website)
	return nil
}

func (c *cluster) patch(ctx context.Context, object client.Object, patch string) {
	GinkgoHelper()
	Expect(c.admin.Patch(ctx, object, client.RawPatch("application/merge-patch+json", []byte(patch)))).To(Succeed())
}

// webhookSecret waits until the sharder has written its certificate, and returns the Secret.
func (c *cluster) webhookSecret(ctx context.Context, g Gomega) *corev1.Secret {
	secret := &corev1.Secret{}
	g.Expect(c.admin.Get(ctx, client.ObjectKey{Namespace: sharder.namespace, Name: "sharder-webhook"}, secret)).To(Succeed())
	return secret
}
