// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func TestLockIsLostForGood(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*coordinationv1.Lease)
		why    string
	}{
		"when the sharder takes the lease": {take, `lease shards/shard-1 was taken by "shardlease-controller"`},
		"when its holder is emptied": {
			func(lease *coordinationv1.Lease) { *lease.Spec.HolderIdentity = "" }, `was taken by ""`,
		},
		"when it has no holder any more": {
			func(lease *coordinationv1.Lease) { lease.Spec.HolderIdentity = nil }, `was taken by ""`,
		},
		"when another process of the same name takes it": {
			func(lease *coordinationv1.Lease) { *lease.Spec.LeaseTransitions++ }, `was taken by "shard-1"`,
		},
		"when another process creates it anew": {
			func(lease *coordinationv1.Lease) {
				lease.Spec.AcquireTime.Time = lease.Spec.AcquireTime.Add(time.Second)
			}, `was taken by "shard-1"`,
		},
		"when nothing is left in it": {
			func(lease *coordinationv1.Lease) { lease.Spec = coordinationv1.LeaseSpec{} }, `was taken by ""`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			server := newLeaseServer()
			p := newHolder(t, server)
			server.change(t, "shard-1", test.change)
			changed := server.lease(t, "shard-1")

			g.Expect(p.Update(t.Context(), p.record(begin, 0))).To(MatchError(apierrors.IsConflict, "a conflict"))
			g.Expect(holder(t, p)).NotTo(Equal("shard-1"), "the elector must not take itself for the holder")
			g.Expect(p.guard.lost).To(BeClosed())
			g.Expect(p.guard.reason()).To(beNotHeld(test.why))

			g.Expect(p.Update(t.Context(), p.record(begin, 1))).To(beNotHeld(test.why), "it must not acquire the lease")
			g.Expect(p.Update(t.Context(), p.released())).To(beNotHeld(test.why), "nor release it")
			g.Expect(server.lease(t, "shard-1")).To(Equal(changed))
		})
	}
}

func TestLockDoesNotCreateADeletedLeaseAgain(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	p := newHolder(t, server)
	server.delete(t, "shard-1")

	g.Expect(p.Update(t.Context(), p.record(begin, 0))).To(MatchError(apierrors.IsNotFound, "not found"))
	_, _, err := p.Get(t.Context())
	g.Expect(err).To(MatchError(apierrors.IsNotFound, "not found"))
	g.Expect(p.guard.reason()).To(beNotHeld("lease shards/shard-1 was deleted"))
	g.Expect(p.Create(t.Context(), p.record(begin, 0))).To(beNotHeld("was deleted"))
	_, _, err = p.Get(t.Context())
	g.Expect(err).To(MatchError(apierrors.IsNotFound, "not found"))
}

func TestLockMakesASecondProcessWait(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	first, second := newHolder(t, server), newProcess(server)

	for range 3 {
		record, raw, err := second.Get(t.Context())
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(record.HolderIdentity).To(Equal("shard-1 (another process)"))
		g.Expect(raw).To(ContainSubstring(`"holderIdentity":"shard-1"`), "the elector sees renewals by the raw record")
	}
	g.Expect(second.logged).To(HaveExactElements(And(
		ContainSubstring("Another process with this shard name holds the shard lease"), ContainSubstring(`"lease"="shards/shard-1"`),
	)))
	g.Expect(second.guard.lost).NotTo(BeClosed())
	_, err := second.guard.check()
	g.Expect(err).To(MatchError(ErrNotHeld))

	g.Expect(first.Update(t.Context(), first.released())).To(Succeed())
	g.Expect(holder(t, second)).To(BeEmpty())
	g.Expect(second.Update(t.Context(), second.record(begin, 1))).To(Succeed())
	g.Expect(second.guard.check()).To(Equal(begin.Add(testLeaseDuration)))
	g.Expect(holder(t, first)).NotTo(Equal("shard-1"))
}

func TestLockOfAProcessThatWaitsIsNotLost(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	newHolder(t, server)
	second := newProcess(server)

	g.Expect(holder(t, second)).To(Equal("shard-1 (another process)"))
	server.change(t, "shard-1", take)
	g.Expect(holder(t, second)).To(Equal("shardlease-controller"))
	g.Expect(second.guard.lost).NotTo(BeClosed())
}

// Whoever deletes the lease of a running process takes its place away before it can notice.
func TestLockWaitsWhenTheLeaseOfAnotherProcessIsDeleted(t *testing.T) {
	fence := func(t *testing.T, server *leaseServer) { server.change(t, "shard-1", take) }
	for name, before := range map[string]func(*testing.T, *leaseServer){
		"that held it":         func(*testing.T, *leaseServer) {},
		"that has been fenced": fence,
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			server := newLeaseServer()
			newHolder(t, server)
			second := newProcess(server)
			before(t, server)
			g.Expect(holder(t, second)).NotTo(BeEmpty())

			second.pass(time.Second)
			server.delete(t, "shard-1")
			for range 15 {
				g.Expect(holder(t, second)).To(Equal("shard-1 (another process)"))
				second.pass(time.Second)
			}
			_, _, err := second.Get(t.Context())
			g.Expect(err).To(MatchError(apierrors.IsNotFound, "not found"))
			g.Expect(second.Create(t.Context(), second.record(second.clock.Now(), 0))).To(Succeed())
			g.Expect(holder(t, second)).To(Equal("shard-1"))
			g.Expect(second.logged).To(ContainElement(ContainSubstring("was deleted while another process held it")))
		})
	}
}

func TestLockCountsFromTheLastDeletion(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	newHolder(t, server)
	p := newProcess(server)
	g.Expect(holder(t, p)).NotTo(BeEmpty())
	server.delete(t, "shard-1")
	g.Expect(holder(t, p)).NotTo(BeEmpty())

	p.pass(10 * time.Second)
	newHolder(t, server)
	g.Expect(holder(t, p)).To(Equal("shard-1 (another process)"))
	server.delete(t, "shard-1")
	g.Expect(holder(t, p)).NotTo(BeEmpty())
	p.pass(10 * time.Second)
	g.Expect(holder(t, p)).NotTo(BeEmpty())
}

func TestLockDoesNotWaitWhenTheDeletedLeaseWasReleased(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	first, second := newHolder(t, server), newProcess(server)
	g.Expect(holder(t, second)).NotTo(BeEmpty())
	g.Expect(first.Update(t.Context(), first.released())).To(Succeed())
	g.Expect(holder(t, second)).To(BeEmpty())
	server.delete(t, "shard-1")
	_, _, err := second.Get(t.Context())
	g.Expect(err).To(MatchError(apierrors.IsNotFound, "not found"))
}

func TestLockReleases(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	p := newHolder(t, server)

	g.Expect(p.Update(t.Context(), p.released())).To(Succeed())
	g.Expect(server.lease(t, "shard-1").Spec.HolderIdentity).To(HaveValue(BeEmpty()))
	_, err := p.guard.check()
	g.Expect(err).To(beNotHeld("it was released"))
}

func TestLockLeavesTheLeaseToExpireWhileAnythingIsInFlight(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	p := newHolder(t, server)
	_, err := p.guard.enter()
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(p.Update(t.Context(), p.released())).To(MatchError(And(
		HavePrefix("leaving lease shards/shard-1 to expire"), ContainSubstring("1 reconciles or writes in flight"),
	)))
	g.Expect(server.lease(t, "shard-1").Spec.HolderIdentity).To(HaveValue(Equal("shard-1")))
}

func TestLockIsReleasedAfterAConflict(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	p := newHolder(t, server)
	server.change(t, "shard-1", func(lease *coordinationv1.Lease) { lease.Labels["a"] = "label" })

	g.Expect(p.Update(t.Context(), p.released())).To(MatchError(apierrors.IsConflict, "a conflict"))
	g.Expect(holder(t, p)).To(Equal("shard-1"))
	g.Expect(p.Update(t.Context(), p.released())).To(Succeed())
	g.Expect(server.lease(t, "shard-1").Spec.HolderIdentity).To(HaveValue(BeEmpty()))
}

func TestLockIsNotReleasedWhenTheConflictWasATakeover(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	p := newHolder(t, server)
	server.change(t, "shard-1", take)

	g.Expect(p.Update(t.Context(), p.released())).To(MatchError(apierrors.IsConflict, "a conflict"))
	g.Expect(holder(t, p)).To(Equal("shardlease-controller"))
	g.Expect(p.Update(t.Context(), p.released())).To(beNotHeld(`was taken by "shardlease-controller"`))
	g.Expect(server.lease(t, "shard-1").Spec.HolderIdentity).To(HaveValue(Equal("shardlease-controller")))
}
