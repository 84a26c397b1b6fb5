// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

var (
	configMaps = schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}
	secrets    = schema.GroupVersionKind{Version: "v1", Kind: "Secret"}
	accounts   = schema.GroupVersionKind{Version: "v1", Kind: "ServiceAccount"}
)

func newNamespace(ctx context.Context, labels map[string]string) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-", Labels: labels}}
	Expect(api.Create(ctx, namespace)).To(Succeed())
	return namespace.Name
}

// newRing creates a ring over resources of the core group, until the test ends.
func newRing(ctx context.Context, name string, resources ...string) *shardingv1alpha1.ControllerRing {
	GinkgoHelper()
	ring := &shardingv1alpha1.ControllerRing{ObjectMeta: metav1.ObjectMeta{Name: name}}
	for _, resource := range resources {
		ring.Spec.Resources = append(ring.Spec.Resources, mainOf("", resource))
	}
	createRing(ctx, ring)
	return ring
}

func createRing(ctx context.Context, ring *shardingv1alpha1.ControllerRing) {
	GinkgoHelper()
	Expect(api.Create(ctx, ring)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(api.Delete(ctx, ring))).To(Succeed())
	})
}

func mainOf(group, resource string) shardingv1alpha1.RingResource {
	return shardingv1alpha1.RingResource{GroupResource: shardingv1alpha1.GroupResource{Group: group, Resource: resource}}
}

// newShard is a shard's lease. Nobody renews it, so the shard is alive for an hour.
func newShard(ctx context.Context, namespace, ring, name string) *coordinationv1.Lease {
	GinkgoHelper()
	now := metav1.NewMicroTime(time.Now())
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name, Labels: map[string]string{"alpha.sharding.timebertt.dev/controllerring": ring},
		},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: new(name), LeaseDurationSeconds: new(int32(3600)), AcquireTime: &now, RenewTime: &now,
		},
	}
	Expect(api.Create(ctx, lease)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(api.Delete(ctx, lease))).To(Succeed())
	})
	return lease
}

// newObject creates an object and returns a function that tells which shard of the ring it belongs to.
func newObject(ctx context.Context, kind schema.GroupVersionKind, namespace, ring string) (owner func(Gomega, context.Context) string) {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kind)
	object.SetNamespace(namespace)
	object.SetGenerateName("object-")
	Expect(api.Create(ctx, object)).To(Succeed())
	return func(g Gomega, ctx context.Context) string {
		g.Expect(api.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		return object.GetLabels()["shard.alpha.sharding.timebertt.dev/"+ring]
	}
}

// readiness is the condition Ready in one line.
func readiness(ctx context.Context, ring *shardingv1alpha1.ControllerRing) (string, error) {
	if err := api.Get(ctx, client.ObjectKeyFromObject(ring), ring); err != nil {
		return "", err
	}
	condition := meta.FindStatusCondition(ring.Status.Conditions, "Ready")
	if condition == nil || condition.ObservedGeneration != ring.Generation {
		return "", nil
	}
	return fmt.Sprintf("%s %s %d/%d: %s", condition.Status, condition.Reason, ring.Status.AvailableShards, ring.Status.Shards, condition.Message), nil
}

func release(ctx context.Context, lease *coordinationv1.Lease) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(api.Get(ctx, client.ObjectKeyFromObject(lease), lease)).To(Succeed())
		lease.Spec.HolderIdentity = new("")
		g.Expect(api.Update(ctx, lease)).To(Succeed())
	}).Should(Succeed())
}
