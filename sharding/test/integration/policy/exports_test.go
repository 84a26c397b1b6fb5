// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// What people do with kubectl and files. Each ends as they meant it, or with advice that works.
var _ = Describe("An exported manifest", func() {
	without := func(manifest, label string) string {
		var kept []string
		for line := range strings.Lines(manifest) {
			if !strings.Contains(line, label+": ") {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "")
	}
	resized := func(manifest string) []byte { return []byte(strings.Replace(manifest, "size: 1", "size: 2", 1)) }
	var (
		object *unstructured.Unstructured
		export string
	)
	BeforeEach(func(ctx context.Context) {
		object = create(ctx, widget("export-", shardLabelA, "shard-1", "own", "1"))
		export = kubectl(ctx, editor, nil, "get", "-o", "yaml", "widget", object.GetName())
		export = without(without(export, "resourceVersion"), "uid") // as people do who keep it
		Expect(export).To(ContainSubstring(shardLabelA + ": shard-1"))
	})
	expect := func(ctx context.Context, size int64, shard string) {
		GinkgoHelper()
		Expect(labelsNow(ctx, object)).To(Equal(map[string]string{"own": "1", shardLabelA: shard}))
		fresh := widget("")
		Expect(admin.Get(ctx, keyOf(object), fresh)).To(Succeed())
		Expect(fresh.Object["spec"]).To(Equal(map[string]any{"size": size}))
	}

	It("is applied again", func(ctx context.Context) {
		kubectl(ctx, editor, resized(export), "apply", "-f", "-")
		expect(ctx, 2, "shard-1")
	})

	It("is applied after the object moved, without the label as the message advises", func(ctx context.Context) {
		kubectl(ctx, editor, []byte(export), "apply", "-f", "-")
		Expect(setLabel(ctx, as(sharder), object, shardLabelA, "shard-2")).To(Succeed())

		_, err := tryKubectl(ctx, editor, resized(export), "apply", "-f", "-")
		Expect(err).To(MatchError(ContainSubstring("leave them out of your manifest")))
		kubectl(ctx, editor, resized(without(export, shardLabelA)), "apply", "-f", "-")
		expect(ctx, 2, "shard-2")
	})

	It("replaces the object, without the label", func(ctx context.Context) {
		kubectl(ctx, editor, resized(without(export, shardLabelA)), "replace", "-f", "-")
		expect(ctx, 2, "shard-1")
	})

	It("makes another object, which belongs to another shard", func(ctx context.Context) {
		copied := strings.ReplaceAll(export, object.GetName(), object.GetName()+"-copy")
		kubectl(ctx, editor, []byte(copied), "apply", "-f", "-")
		object.SetName(object.GetName() + "-copy")
		expect(ctx, 1, assigned)
	})

	It("is no way to another shard by kubectl label", func(ctx context.Context) {
		_, err := tryKubectl(ctx, editor, nil, "label", "--overwrite", "widget", object.GetName(), shardLabelA+"=shard-2")
		Expect(err).To(MatchError(ContainSubstring("alice may not change " + shardLabelA)))
		kubectl(ctx, editor, nil, "label", "widget", object.GetName(), shardLabelA+"-")
		expect(ctx, 1, "shard-1")
	})
})
