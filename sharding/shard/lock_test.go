// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"errors"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	clocktesting "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
)

// process is one process of the shard "shard-1", as far as its lease is concerned.
type process struct {
	*leaseLock
	clock      *clocktesting.FakePassiveClock
	connection *connection
	logged     []string
}

func newProcess(server *leaseServer) *process {
	p := &process{connection: server.connect()}
	var guard *guard
	guard, p.clock = newTestGuard()
	log := funcr.New(func(_, args string) { p.logged = append(p.logged, args) }, funcr.Options{})
	p.leaseLock = newLeaseLock(p.connection, testNamespace, "my-ring", "shard-1", guard, log)
	return p
}

// pass lets time pass.
func (p *process) pass(by time.Duration) { p.clock.SetTime(p.clock.Now().Add(by)) }

// record is what an elector writes that holds the lock since the given time, and renews it now.
func (p *process) record(acquired time.Time, transitions int) resourcelock.LeaderElectionRecord {
	return resourcelock.LeaderElectionRecord{
		HolderIdentity: p.Identity(), LeaseDurationSeconds: 15, LeaderTransitions: transitions,
		AcquireTime: metav1.NewTime(acquired), RenewTime: metav1.NewTime(p.clock.Now()),
	}
}

func (p *process) released() resourcelock.LeaderElectionRecord {
	record := p.record(p.clock.Now(), 0)
	record.HolderIdentity, record.LeaseDurationSeconds = "", 1
	return record
}

// newHolder returns a process that has created the lease and holds it since the beginning.
func newHolder(t *testing.T, server *leaseServer) *process {
	t.Helper()
	p := newProcess(server)
	NewWithT(t).Expect(p.Create(t.Context(), p.record(begin, 0))).To(Succeed())
	return p
}

func TestLockAcquires(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	p := newProcess(server)

	_, _, err := p.Get(t.Context())
	g.Expect(err).To(MatchError(apierrors.IsNotFound, "not found"))
	g.Expect(p.guard.lost).NotTo(BeClosed(), "a lease that was never there was not lost")
	_, err = p.guard.check()
	g.Expect(err).To(MatchError(ErrNotHeld))

	g.Expect(p.Create(t.Context(), p.record(begin, 0))).To(Succeed())
	g.Expect(p.guard.check()).To(Equal(begin.Add(testLeaseDuration)))
	lease := server.lease(t, "shard-1")
	g.Expect(lease.Labels).To(Equal(map[string]string{"alpha.sharding.timebertt.dev/controllerring": "my-ring"}))
	g.Expect(lease.Spec.HolderIdentity).To(HaveValue(Equal("shard-1")))
	g.Expect(lease.Spec.LeaseDurationSeconds).To(HaveValue(BeEquivalentTo(15)))
}

func TestLockLabelsALeaseThatItFinds(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	first := newHolder(t, server)
	g.Expect(first.Update(t.Context(), first.released())).To(Succeed())
	server.change(t, "shard-1", func(lease *coordinationv1.Lease) {
		lease.Labels = map[string]string{"alpha.sharding.timebertt.dev/state": "ready", "a": "label"}
	})

	second := newProcess(server)
	g.Expect(holder(t, second)).To(BeEmpty())
	g.Expect(second.Update(t.Context(), second.record(begin, 1))).To(Succeed())
	g.Expect(server.lease(t, "shard-1").Labels).To(Equal(map[string]string{
		"alpha.sharding.timebertt.dev/controllerring": "my-ring",
		"alpha.sharding.timebertt.dev/state":          "",
		"a":                                           "label",
	}), "what the sharder made of the first says nothing about the second")

	server.change(t, "shard-1", func(lease *coordinationv1.Lease) { lease.Labels["alpha.sharding.timebertt.dev/state"] = "ready" })
	g.Expect(holder(t, second)).To(Equal("shard-1"))
	g.Expect(second.Update(t.Context(), second.record(begin, 1))).To(Succeed())
	g.Expect(server.lease(t, "shard-1").Labels).To(HaveKeyWithValue("alpha.sharding.timebertt.dev/state", "ready"), "a renewal leaves it alone")
}

func TestLockIsReadyWhenTheSharderSaysSoOfThisProcess(t *testing.T) {
	setState := func(state string) func(*coordinationv1.Lease) {
		return func(lease *coordinationv1.Lease) { lease.Labels["alpha.sharding.timebertt.dev/state"] = state }
	}
	g := NewWithT(t)
	server := newLeaseServer()
	p := newHolder(t, server)
	g.Expect(p.ready(t.Context())).To(BeFalse())
	for _, state := range []string{"", "expired", "dead", "fenced"} {
		server.change(t, "shard-1", setState(state))
		g.Expect(p.ready(t.Context())).To(BeFalse(), state)
	}
	server.change(t, "shard-1", setState("ready"))
	g.Expect(p.ready(t.Context())).To(BeTrue())

	server.change(t, "shard-1", func(lease *coordinationv1.Lease) { *lease.Spec.LeaseTransitions++ })
	g.Expect(p.ready(t.Context())).To(BeFalse(), "another process of that name is meant")
	server.delete(t, "shard-1")
	_, err := p.ready(t.Context())
	g.Expect(err).To(MatchError(apierrors.IsNotFound, "not found"))
	g.Expect(p.guard.lost).NotTo(BeClosed(), "that is for the elector to find out")
}

func TestLockRenews(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	p := newHolder(t, server)

	p.pass(2 * time.Second)
	g.Expect(p.Update(t.Context(), p.record(begin, 0))).To(Succeed())
	g.Expect(p.guard.check()).To(Equal(begin.Add(2*time.Second + testLeaseDuration)))
	g.Expect(holder(t, p)).To(Equal("shard-1"))

	server.change(t, "shard-1", func(lease *coordinationv1.Lease) {
		lease.Labels["alpha.sharding.timebertt.dev/state"] = "ready"
	})
	p.pass(2 * time.Second)
	g.Expect(p.Update(t.Context(), p.record(begin, 0))).To(MatchError(apierrors.IsConflict, "a conflict"))
	g.Expect(holder(t, p)).To(Equal("shard-1"))
	g.Expect(p.Update(t.Context(), p.record(begin, 0))).To(Succeed(), "a label is no takeover")
	g.Expect(server.lease(t, "shard-1").Labels).To(HaveKeyWithValue("alpha.sharding.timebertt.dev/state", "ready"))
}

func TestLockCountsFromTheTimeThatTheLeaseTells(t *testing.T) {
	g := NewWithT(t)
	p := newHolder(t, newLeaseServer())

	p.pass(2 * time.Second)
	renewal := p.record(begin, 0)
	hang := func(string) error {
		p.pass(3 * time.Second)
		return nil
	}
	p.connection.before, p.connection.after = hang, hang
	g.Expect(holder(t, p)).To(Equal("shard-1"))
	p.connection.before, p.connection.after = nil, nil
	g.Expect(p.Update(t.Context(), renewal)).To(Succeed())
	g.Expect(p.guard.check()).To(Equal(renewal.RenewTime.Add(testLeaseDuration)), "because the sharder goes by it")
}

func TestLockDoesNotRenewAfterAPause(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	p := newHolder(t, server)
	before := server.lease(t, "shard-1")

	p.pass(testRenewDeadline)
	g.Expect(p.Update(t.Context(), p.record(begin, 0))).To(beNotHeld("it was not renewed for 10s"))
	g.Expect(server.lease(t, "shard-1")).To(Equal(before))
	g.Expect(p.guard.lost).To(BeClosed())
}

func TestLockSurvivesErrors(t *testing.T) {
	g := NewWithT(t)
	p := newHolder(t, newLeaseServer())
	unavailable := errors.New("service unavailable")
	p.connection.before = func(string) error { return unavailable }

	p.pass(2 * time.Second)
	_, _, err := p.Get(t.Context())
	g.Expect(err).To(MatchError(unavailable))
	g.Expect(p.Update(t.Context(), p.record(begin, 0))).To(MatchError(unavailable))
	g.Expect(p.guard.check()).To(Equal(begin.Add(testLeaseDuration)), "what failed renewed nothing, and lost nothing")

	p.connection.before = nil
	g.Expect(holder(t, p)).To(Equal("shard-1"))
	g.Expect(p.Update(t.Context(), p.record(begin, 0))).To(Succeed())
	g.Expect(p.guard.check()).To(Equal(begin.Add(2*time.Second + testLeaseDuration)))
}

// A write may succeed though its answer is lost. The elector then reads the lease and has to find itself.
func TestLockRecognisesItsClaim(t *testing.T) {
	lost := errors.New("the answer was lost")
	loseAnswers := func(string) error { return lost }

	t.Run("on a lease that it created", func(t *testing.T) {
		g := NewWithT(t)
		p := newProcess(newLeaseServer())
		p.connection.after = loseAnswers
		g.Expect(p.Create(t.Context(), p.record(begin, 0))).To(MatchError(lost))
		_, err := p.guard.check()
		g.Expect(err).To(MatchError(ErrNotHeld), "it does not know so far")

		p.connection.after = nil
		record, _, err := p.Get(t.Context())
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(record.HolderIdentity).To(Equal("shard-1"))
		g.Expect(p.Update(t.Context(), p.record(record.AcquireTime.Time, 0))).To(Succeed())
		g.Expect(p.guard.check()).To(Equal(begin.Add(testLeaseDuration)))
		g.Expect(p.logged).To(BeEmpty())
	})

	t.Run("on a lease that it acquired", func(t *testing.T) {
		g := NewWithT(t)
		server := newLeaseServer()
		first := newHolder(t, server)
		g.Expect(first.Update(t.Context(), first.released())).To(Succeed())

		p := newProcess(server)
		p.pass(time.Second)
		g.Expect(holder(t, p)).To(BeEmpty())
		p.connection.after = loseAnswers
		g.Expect(p.Update(t.Context(), p.record(p.clock.Now(), 1))).To(MatchError(lost))
		p.connection.after = nil
		g.Expect(holder(t, p)).To(Equal("shard-1"))
	})

	t.Run("on a lease that it renewed", func(t *testing.T) {
		g := NewWithT(t)
		p := newHolder(t, newLeaseServer())
		p.pass(2 * time.Second)
		p.connection.after = loseAnswers
		g.Expect(p.Update(t.Context(), p.record(begin, 0))).To(MatchError(lost))
		p.connection.after = nil
		g.Expect(holder(t, p)).To(Equal("shard-1"))
		g.Expect(p.guard.lost).NotTo(BeClosed())
	})
}

// take makes the sharder the holder of the lease.
func take(lease *coordinationv1.Lease) {
	lease.Spec.HolderIdentity = new("shardlease-controller")
	lease.Spec.LeaseTransitions = new(ptr.Deref(lease.Spec.LeaseTransitions, 0) + 1)
}

// holder returns the lease's holder as the elector gets to see it.
func holder(t *testing.T, p *process) string {
	t.Helper()
	record, _, err := p.Get(t.Context())
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return record.HolderIdentity
}
