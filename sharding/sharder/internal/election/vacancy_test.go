// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package election

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

// TestCandidateSucceedsACrashedLeader has an elector that looks every half an hour: only the watch can tell in time.
func TestCandidateSucceedsACrashedLeader(t *testing.T) {
	g := NewWithT(t)
	clock := clocktesting.NewFakeClock(time.Now())
	renewed := metav1.NewMicroTime(clock.Now())
	leases := fake.NewClientset(&coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: testring.Namespace, Name: "my-ring"},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: new("crashed"), LeaseDurationSeconds: new(int32(15)), RenewTime: &renewed, AcquireTime: &renewed,
		},
	})
	candidate := patient
	candidate.Clock = clock
	successor := stand(t, leases, candidate)
	g.Eventually(clock.HasWaiters, electionTimeout).Should(BeTrue(), "it waits for the lease to expire")

	clock.Step(14 * time.Second)
	g.Consistently(successor.terms, "200ms").ShouldNot(Receive(), "the lease is valid for 15 s")
	clock.Step(time.Second)
	g.Eventually(successor.terms, electionTimeout).Should(Receive())
	successor.stop()
	successor.resign <- nil
}

// TestCandidateNoticesAReleaseBeforeItsWatchBegan has the lease released after the elector looked, and before the watch
// lists it: the elector will not look again for half an hour.
func TestCandidateNoticesAReleaseBeforeItsWatchBegan(t *testing.T) {
	g := NewWithT(t)
	held := testring.BareLease("my-ring")
	held.Spec.HolderIdentity, held.Spec.LeaseDurationSeconds = new("another"), new(int32(3600))
	leases := fake.NewClientset(held)
	looked := false // the fake clientset runs one reactor at a time
	leases.PrependReactor("get", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		looked = true
		return false, nil, nil
	})
	leases.PrependReactor("list", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		if !looked {
			return true, nil, errors.New("try again")
		}
		released := held.DeepCopy()
		released.Spec.HolderIdentity = new("")
		return false, nil, leases.Tracker().Update(coordinationv1.SchemeGroupVersion.WithResource("leases"), released, testring.Namespace)
	})
	successor := stand(t, leases, patient)
	g.Eventually(successor.terms, electionTimeout).Should(Receive())
	successor.stop()
	successor.resign <- nil
}

// TestVacantLockIsLeftAloneWhileItIsAcquired goes through what may happen between looking at the lease and writing to it,
// when the elector that does so is to be replaced by one that looks again.
func TestVacantLockIsLeftAloneWhileItIsAcquired(t *testing.T) {
	g := NewWithT(t)
	ctx := t.Context()
	lease := testring.BareLease("my-ring")
	lease.Spec.HolderIdentity, lease.Spec.LeaseDurationSeconds = new("another"), new(int32(3600))
	leases := fake.NewClientset(lease)
	newLock := func() *vacantLock {
		return &vacantLock{vacancy: &vacancy{clock: clocktesting.NewFakeClock(time.Now())}, LeaseLock: &resourcelock.LeaseLock{
			LeaseMeta: metav1.ObjectMeta{Namespace: testring.Namespace, Name: "my-ring"}, Client: leases.CoordinationV1(),
		}}
	}

	held := newLock()
	record, _, err := held.Get(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(record.HolderIdentity).To(Equal("another"))
	g.Expect(held.abandon()).To(BeTrue())

	lease.Spec.HolderIdentity = new("")
	g.Expect(leases.Tracker().Update(coordinationv1.SchemeGroupVersion.WithResource("leases"), lease, testring.Namespace)).To(Succeed())
	record, raw, err := held.Get(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(record.HolderIdentity).NotTo(BeEmpty(), "it must not be acquired by an elector that is stopped")
	g.Expect(raw).NotTo(BeEmpty(), "electors go by it to see that something changed")
	leases.PrependReactor("get", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, context.Canceled
	})
	_, _, err = held.Get(ctx)
	g.Expect(err).NotTo(HaveOccurred(), "electors log errors")
	leases.ReactionChain = leases.ReactionChain[1:]

	vacant := newLock()
	record, _, err = vacant.Get(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(record.HolderIdentity).To(BeEmpty())
	g.Expect(vacant.abandon()).To(BeFalse(), "it is about to be acquired")
	g.Expect(vacant.Update(ctx, resourcelock.LeaderElectionRecord{HolderIdentity: "me"})).To(Succeed())
	g.Expect(vacant.abandon()).To(BeFalse(), "it was acquired, which the elector may not know yet")

	g.Expect(leases.Tracker().Update(coordinationv1.SchemeGroupVersion.WithResource("leases"), lease, testring.Namespace)).To(Succeed())
	late := newLock()
	_, _, err = late.Get(ctx)
	g.Expect(err).NotTo(HaveOccurred())
	leases.PrependReactor("update", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, testring.Conflict("my-ring")
	})
	g.Expect(late.Update(ctx, resourcelock.LeaderElectionRecord{HolderIdentity: "me"})).NotTo(Succeed())
	g.Expect(late.abandon()).To(BeTrue(), "somebody else has acquired it")
}
