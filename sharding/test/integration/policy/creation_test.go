// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("A new object", func() {
	foreign := []string{
		"own", "1", shardLabelA, "shard-1", drainLabelA, "true", shardLabelB, "shard-2",
		"shard.alpha.sharding.timebertt.dev/ring-c", "shard-3", "drain.alpha.sharding.timebertt.dev/ring-d", "true",
	}

	DescribeTable("that a user creates with labels of rings comes without them",
		func(ctx context.Context, object *unstructured.Unstructured) {
			Expect(as(editor).Create(ctx, object)).To(Succeed())
			Expect(object.GetLabels()).To(Equal(map[string]string{"own": "1"}))
		},
		Entry("Deployment", deployment("c-", foreign...)),
		Entry("ConfigMap", configMap("c-", foreign...)),
		Entry("Ingress", ingress("c-", foreign...)),
	)

	It("that a user creates with labels of rings is assigned by the webhook", func(ctx context.Context) {
		object := widget("c-", foreign...)
		Expect(as(editor).Create(ctx, object)).To(Succeed())
		Expect(object.GetLabels()).To(Equal(map[string]string{"own": "1", shardLabelA: assigned}))
	})

	It("that a user creates without labels is assigned by the webhook", func(ctx context.Context) {
		object := widget("c-")
		Expect(as(editor).Create(ctx, object)).To(Succeed())
		Expect(object.GetLabels()).To(Equal(map[string]string{shardLabelA: assigned}))
	})

	It("that a user applies server-side is assigned by the webhook, and stays so", func(ctx context.Context) {
		object := widget("", shardLabelA, "shard-1")
		object.SetGenerateName("")
		object.SetName("applied")
		apply := func() error {
			return as(editor).Apply(ctx, client.ApplyConfigurationFromUnstructured(object.DeepCopy()), client.FieldOwner("alice"), client.ForceOwnership)
		}
		Expect(apply()).To(Succeed())
		Expect(labelsNow(ctx, object)).To(Equal(map[string]string{shardLabelA: assigned}))
		By("refusing the label of another shard")
		Expect(apply()).To(beRefused(shardLabelA))
		By("doing without the label, as the message advises")
		object.SetLabels(nil)
		Expect(apply()).To(Succeed())
		Expect(labelsNow(ctx, object)).To(Equal(map[string]string{shardLabelA: assigned}))
	})

	DescribeTable("keeps the labels that its creator may set",
		func(ctx context.Context, user string, want map[string]string) {
			object := configMap("c-", shardLabelA, "shard-1", drainLabelA, "true", shardLabelB, "shard-2")
			Expect(as(user).Create(ctx, object)).To(Succeed())
			Expect(object.GetLabels()).To(Equal(want))
		},
		Entry("the shard of ring A", shardA, map[string]string{shardLabelA: "shard-1", drainLabelA: "true"}),
		Entry("the shard of ring B", shardB, map[string]string{shardLabelB: "shard-2"}),
		Entry("the sharder", sharder, map[string]string{shardLabelA: "shard-1", drainLabelA: "true", shardLabelB: "shard-2"}),
	)
})

var _ = Describe("An existing object without a shard", func() {
	It("is assigned by the webhook in a user's update", func(ctx context.Context) {
		object := create(ctx, widget("u-", optOut, ""))
		Expect(setLabel(ctx, as(editor), object, optOut, nil)).To(Succeed())
		Expect(labelsNow(ctx, object)).To(Equal(map[string]string{shardLabelA: assigned}))
	})
})
