// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package policy_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	gomegatypes "github.com/onsi/gomega/types"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var _ = Describe("A lease that is labelled with a ring", func() {
	DescribeTable("is created by",
		func(ctx context.Context, user string, expected gomegatypes.GomegaMatcher) {
			Expect(as(user).Create(ctx, lease("ring-a"))).To(expected)
		},
		Entry("the ring's shard", shardA, Succeed()), Entry("the sharder", sharder, Succeed()),
		Entry("no shard of another ring", shardB, Satisfy(apierrors.IsForbidden)), Entry("no user", editor, Satisfy(apierrors.IsForbidden)),
	)

	DescribeTable("is changed by",
		func(ctx context.Context, user string, expected gomegatypes.GomegaMatcher) {
			object := create(ctx, lease("ring-a"))
			renew := func(lease *unstructured.Unstructured) error {
				return unstructured.SetNestedField(lease.Object, "2026-01-01T00:00:00.000000Z", "spec", "renewTime")
			}
			Expect(renew(object)).To(Succeed())
			Expect(as(user).Update(ctx, object)).To(expected, "renewing it")
			Expect(setLabel(ctx, as(user), object, "alpha.sharding.timebertt.dev/state", "ready")).To(expected)
			Expect(setLabel(ctx, as(user), object, ringLabel, nil)).To(expected)
		},
		Entry("the ring's shard", shardA, Succeed()), Entry("the sharder", sharder, Succeed()),
		Entry("no shard of another ring", shardB, Satisfy(apierrors.IsForbidden)), Entry("no user", editor, Satisfy(apierrors.IsForbidden)),
	)

	It("does not get there from another ring, or from none", func(ctx context.Context) {
		object := create(ctx, lease("ring-b"))
		Expect(setLabel(ctx, as(shardA), object, ringLabel, "ring-a")).To(Satisfy(apierrors.IsForbidden))
		Expect(setLabel(ctx, as(shardB), object, ringLabel, "ring-a")).To(Satisfy(apierrors.IsForbidden))
		Expect(setLabel(ctx, as(sharder), object, ringLabel, "ring-a")).To(Succeed())
		Expect(setLabel(ctx, as(editor), create(ctx, lease("")), ringLabel, "ring-a")).To(Satisfy(apierrors.IsForbidden))
	})

	It("says what is needed", func(ctx context.Context) {
		Expect(as(editor).Create(ctx, lease("ring-a"))).To(MatchError(HaveSuffix("denied request: alice may not create or change a lease " +
			"with the label alpha.sharding.timebertt.dev/controllerring=ring-a, which makes it a shard of that ring. A sharder or shard " +
			"needs the verb shard on controllerrings.sharding.timebertt.dev of that name; all others leave the label out.")))
	})
})

var _ = Describe("Any other lease", func() {
	It("is everybody's who may edit leases", func(ctx context.Context) {
		alice, object := as(editor), lease("")
		Expect(alice.Create(ctx, object)).To(Succeed())
		Expect(setLabel(ctx, alice, object, "own", "1")).To(Succeed())
		Expect(alice.Delete(ctx, object)).To(Succeed())
	})
	It("may be deleted though labelled: who may do so may also delete the pod", func(ctx context.Context) {
		Expect(as(editor).Delete(ctx, create(ctx, lease("ring-a")))).To(Succeed())
	})
})
