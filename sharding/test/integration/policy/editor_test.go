// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("A user who may edit an object", func() {
	var alice client.Client
	BeforeEach(func() { alice = as(editor) })

	// Each of these is one request that may also change the labels of the object.
	type edit func(ctx context.Context, object *unstructured.Unstructured, labels map[string]string) error
	update := func(ctx context.Context, object *unstructured.Unstructured, labels map[string]string) error {
		object.SetLabels(labels)
		object.SetAnnotations(map[string]string{"edited": "true"})
		return alice.Update(ctx, object)
	}
	apply := func(ctx context.Context, object *unstructured.Unstructured, labels map[string]string) error {
		applied := objectOf(object.GroupVersionKind(), "")
		applied.SetName(object.GetName())
		applied.SetGenerateName("")
		applied.SetLabels(labels)
		applied.SetAnnotations(map[string]string{"edited": "true"})
		return alice.Apply(ctx, client.ApplyConfigurationFromUnstructured(applied), client.FieldOwner("alice"), client.ForceOwnership)
	}
	patchMetadata := func(ctx context.Context, object *unstructured.Unstructured, labels map[string]string) error {
		metadata := &metav1.PartialObjectMetadata{}
		metadata.SetGroupVersionKind(object.GroupVersionKind())
		metadata.SetNamespace(object.GetNamespace())
		metadata.SetName(object.GetName())
		metadata.SetLabels(object.GetLabels())
		before := metadata.DeepCopy()
		metadata.SetLabels(labels)
		metadata.SetAnnotations(map[string]string{"edited": "true"})
		return alice.Patch(ctx, metadata, client.MergeFrom(before))
	}
	edits := []TableEntry{
		Entry("by update", edit(update)), Entry("by server-side apply", edit(apply)), Entry("by a patch of metadata", edit(patchMetadata)),
	}

	for kind, create := range map[string]func(context.Context, ...string) *unstructured.Unstructured{
		"main object": func(ctx context.Context, labels ...string) *unstructured.Unstructured {
			return create(ctx, widget("e-", labels...))
		},
		"Deployment": func(ctx context.Context, labels ...string) *unstructured.Unstructured {
			return create(ctx, deployment("e-", labels...))
		},
		"ConfigMap": func(ctx context.Context, labels ...string) *unstructured.Unstructured {
			return create(ctx, configMap("e-", labels...))
		},
	} {
		Context("a "+kind, func() {
			DescribeTable("edits it and its other labels", func(ctx context.Context, edit edit) {
				object := create(ctx, shardLabelA, "shard-1", drainLabelA, "true", "own", "1")
				Expect(edit(ctx, object, map[string]string{shardLabelA: "shard-1", drainLabelA: "true", "own": "2"})).To(Succeed())
				Expect(labelsNow(ctx, object)).To(Equal(map[string]string{shardLabelA: "shard-1", drainLabelA: "true", "own": "2"}))
			}, edits)

			DescribeTable("cannot change its shard", func(ctx context.Context, edit edit) {
				object := create(ctx, shardLabelA, "shard-1")
				Expect(edit(ctx, object, map[string]string{shardLabelA: "shard-2"})).To(beRefused(shardLabelA))
				Expect(labelsNow(ctx, object)).To(Equal(map[string]string{shardLabelA: "shard-1"}))
			}, edits)

			DescribeTable("cannot drain it", func(ctx context.Context, edit edit) {
				object := create(ctx, shardLabelA, "shard-1")
				Expect(edit(ctx, object, map[string]string{shardLabelA: "shard-1", drainLabelA: ""})).To(beRefused(drainLabelA))
			}, edits)

			DescribeTable("cannot give it a shard if it has none", func(ctx context.Context, edit edit) {
				object := create(ctx, optOut, "")
				Expect(edit(ctx, object, map[string]string{optOut: "", shardLabelA: "shard-1"})).To(beRefused(shardLabelA))
				Expect(labelsNow(ctx, object)).To(Equal(map[string]string{optOut: ""}))
			}, edits)

			DescribeTable("leaves the shard labels there when leaving them out", func(ctx context.Context, edit edit) {
				object := create(ctx, shardLabelA, "shard-1", shardLabelB, "shard-2", "own", "1")
				Expect(edit(ctx, object, map[string]string{"own": "2"})).To(Succeed())
				Expect(labelsNow(ctx, object)).To(Equal(map[string]string{shardLabelA: "shard-1", shardLabelB: "shard-2", "own": "2"}))
				Expect(edit(ctx, object, nil)).To(Succeed())
				Expect(labelsNow(ctx, object)).To(And(HaveKeyWithValue(shardLabelA, "shard-1"), HaveKeyWithValue(shardLabelB, "shard-2")))
			}, Entry("by update", edit(update)), Entry("by a patch of metadata", edit(patchMetadata)))

			It("cannot acknowledge a drain", func(ctx context.Context) {
				object := create(ctx, shardLabelA, "shard-1", drainLabelA, "true")
				Expect(setLabels(ctx, alice, object, map[string]any{shardLabelA: nil, drainLabelA: nil})).To(beRefused(shardLabelA))
				Expect(setLabel(ctx, alice, object, drainLabelA, nil)).To(beRefused(drainLabelA))
				Expect(labelsNow(ctx, object)).To(Equal(map[string]string{shardLabelA: "shard-1", drainLabelA: "true"}))
			})

			It("cannot change the labels of many rings at once", func(ctx context.Context) {
				object := create(ctx, "own", "1", optOut, "")
				labels := map[string]any{}
				for _, ring := range []string{"ring-a", "ring-b", "ring-c", "ring-d", "ring-e"} {
					labels["shard.alpha.sharding.timebertt.dev/"+ring] = "shard-1"
					labels["drain.alpha.sharding.timebertt.dev/"+ring] = "true"
				}
				Expect(setLabels(ctx, alice, object, labels)).To(beRefused(shardLabelA))
			})
		})
	}

	It("cannot change a shard through the status", func(ctx context.Context) {
		object := create(ctx, ingress("e-", shardLabelA, "shard-1"))
		object.SetLabels(map[string]string{shardLabelA: "shard-2"})
		Expect(alice.Status().Update(ctx, object)).To(beRefused(shardLabelA))

		object = create(ctx, widget("e-", shardLabelA, "shard-1"))
		object.SetLabels(map[string]string{shardLabelA: "shard-2"})
		object.Object["status"] = map[string]any{"ready": true}
		Expect(alice.Status().Update(ctx, object)).To(Succeed())
		Expect(object.GetLabels()).To(Equal(map[string]string{shardLabelA: "shard-1"}), "the API server ignores labels there")
		Expect(object.Object["status"]).To(Equal(map[string]any{"ready": true}))
	})

	It("cannot change a shard by a JSON patch", func(ctx context.Context) {
		object := create(ctx, widget("e-", shardLabelA, "shard-1"))
		patch := `[{"op":"replace","path":"/metadata/labels/shard.alpha.sharding.timebertt.dev~1ring-a","value":"shard-2"}]`
		Expect(alice.Patch(ctx, object, client.RawPatch(types.JSONPatchType, []byte(patch)))).To(beRefused(shardLabelA))
	})

	It("is told which label it is and what to do", func(ctx context.Context) {
		object := create(ctx, widget("e-", shardLabelA, "shard-1"))
		Expect(setLabel(ctx, alice, object, shardLabelA, "shard-2")).To(MatchError(HaveSuffix("denied request: " +
			"alice may not change shard.alpha.sharding.timebertt.dev/ring-a: by these labels the sharder and the shards of a ring (ring-a) " +
			"agree on who works on the object. Leave them as they are, or leave them out of your manifest: then they stay. " +
			"(A sharder or shard needs the verb shard on controllerrings.sharding.timebertt.dev of that name.)")))
	})
})

// beRefused matches the error that tells about the label.
func beRefused(label string) gomegatypes.GomegaMatcher {
	return And(Satisfy(apierrors.IsForbidden), MatchError(And(ContainSubstring(label), ContainSubstring(" may not change "))))
}
