// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("Who is granted the verb shard", func() {
	assign := func(ctx context.Context, user client.Client, object *unstructured.Unstructured) error {
		return setLabel(ctx, user, object, shardLabelA, "shard-1")
	}
	move := func(ctx context.Context, user client.Client, object *unstructured.Unstructured) error {
		Expect(setLabels(ctx, admin, object, map[string]any{shardLabelA: "shard-0", drainLabelA: "true"})).To(Succeed())
		return setLabels(ctx, user, object, map[string]any{shardLabelA: "shard-1", drainLabelA: nil})
	}
	drain := func(ctx context.Context, user client.Client, object *unstructured.Unstructured) error {
		Expect(setLabel(ctx, admin, object, shardLabelA, "shard-0")).To(Succeed())
		return setLabel(ctx, user, object, drainLabelA, "true")
	}
	acknowledge := func(ctx context.Context, user client.Client, object *unstructured.Unstructured) error {
		Expect(setLabels(ctx, admin, object, map[string]any{shardLabelA: "shard-0", drainLabelA: "true"})).To(Succeed())
		return setLabels(ctx, user, object, map[string]any{shardLabelA: nil, drainLabelA: nil})
	}
	type write = func(context.Context, client.Client, *unstructured.Unstructured) error

	for kind, object := range map[string]func() *unstructured.Unstructured{
		"a main object":       func() *unstructured.Unstructured { return widget("g-", optOut, "") },
		"a controlled object": func() *unstructured.Unstructured { return deployment("g-") },
	} {
		DescribeTable("changes the labels of "+kind,
			func(ctx context.Context, write write, want map[string]string) {
				for _, user := range []client.Client{as(sharder), as(shardA), admin} {
					object := create(ctx, object())
					Expect(write(ctx, user, object)).To(Succeed())
					labels := labelsNow(ctx, object)
					delete(labels, optOut)
					Expect(labels).To(HaveLen(len(want)))
					for label, value := range want {
						Expect(labels).To(HaveKeyWithValue(label, value))
					}
				}
			},
			Entry("to assign it", assign, map[string]string{shardLabelA: "shard-1"}),
			Entry("to move it", move, map[string]string{shardLabelA: "shard-1"}),
			Entry("to drain it", drain, map[string]string{shardLabelA: "shard-0", drainLabelA: "true"}),
			Entry("to acknowledge the drain", acknowledge, map[string]string{}),
		)

		DescribeTable("on another ring does not change the labels of "+kind,
			func(ctx context.Context, write write) {
				object := create(ctx, object())
				Expect(write(ctx, as(shardB), object)).To(Satisfy(apierrors.IsForbidden))
			},
			Entry("to assign it", assign), Entry("to move it", move), Entry("to drain it", drain), Entry("to acknowledge the drain", acknowledge),
		)
	}
})

var _ = Describe("The API server's own controllers", func() {
	It("collect garbage that is assigned and draining", func(ctx context.Context) {
		owner := create(ctx, configMap("owner-"))
		object := widget("gc-", shardLabelA, "shard-1", drainLabelA, "true")
		object.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: "v1", Kind: "ConfigMap", Name: owner.GetName(), UID: owner.GetUID()}})
		object.SetFinalizers([]string{"foregroundDeletion"})
		create(ctx, object)
		collector := as(garbageCollector)

		By("removing the reference to an owner")
		before := object.DeepCopy()
		object.SetOwnerReferences(nil)
		Expect(collector.Patch(ctx, object, client.MergeFrom(before))).To(Succeed())
		By("deleting it in the foreground")
		Expect(collector.Delete(ctx, object, client.PropagationPolicy(metav1.DeletePropagationForeground))).To(Succeed())
		By("removing the finalizer")
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		before = object.DeepCopy()
		object.SetFinalizers(nil)
		Expect(collector.Patch(ctx, object, client.MergeFrom(before))).To(Succeed())
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), object)).To(MatchError(ContainSubstring("not found")))
	})

	It("empty a namespace", func(ctx context.Context) {
		create(ctx, widget("gc-", shardLabelA, "shard-1", drainLabelA, "true"))
		create(ctx, lease("ring-a"))
		controller := as(namespaceController)
		Expect(controller.DeleteAllOf(ctx, widget(""), client.InNamespace(namespace))).To(Succeed())
		Expect(controller.DeleteAllOf(ctx, lease(""), client.InNamespace(namespace))).To(Succeed())
	})
})
