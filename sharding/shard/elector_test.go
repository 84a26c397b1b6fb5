// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/utils/clock"
)

const (
	// A shortLease is for tests that wait until it expires, a longLease for those in which it must not, on however busy a
	// machine.
	shortLease = 3 * time.Second
	longLease  = time.Hour

	electionRetryPeriod = 50 * time.Millisecond
	electionTimeout     = time.Minute
)

// elected is a process of the shard "shard-1" under client-go's own elector, as the manager runs it.
type elected struct {
	guard   *guard
	cut     atomic.Bool // off from the server
	asked   atomic.Int32
	leads   chan struct{}
	stopped chan struct{}
	stop    context.CancelFunc
}

func elect(t *testing.T, server *leaseServer, leaseDuration time.Duration) *elected {
	t.Helper()
	renewDeadline := leaseDuration * 2 / 3
	e := &elected{
		guard: newGuard(clock.RealClock{}, leaseDuration, renewDeadline),
		leads: make(chan struct{}), stopped: make(chan struct{}),
	}
	connection := server.connect()
	connection.before = func(string) error {
		e.asked.Add(1)
		if e.cut.Load() {
			return errors.New("the network is cut")
		}
		return nil
	}
	elector, err := leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Lock:          newLeaseLock(connection, testNamespace, "my-ring", "shard-1", e.guard, logr.Discard()),
		LeaseDuration: leaseDuration, RenewDeadline: renewDeadline, RetryPeriod: electionRetryPeriod,
		ReleaseOnCancel: true,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(context.Context) { close(e.leads) },
			OnStoppedLeading: func() {},
		},
	})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())

	ctx, stop := context.WithCancel(logr.NewContext(context.Background(), logr.Discard()))
	e.stop = stop
	go func() {
		defer close(e.stopped)
		elector.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-e.stopped
	})
	return e
}

func TestElectorAcquiresAndRenews(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	e := elect(t, server, longLease)
	g.Eventually(e.leads, electionTimeout).Should(BeClosed())

	acquired := server.lease(t, "shard-1")
	g.Expect(acquired.Labels).To(HaveKeyWithValue("alpha.sharding.timebertt.dev/controllerring", "my-ring"))
	g.Expect(acquired.Spec.HolderIdentity).To(HaveValue(Equal("shard-1")))
	g.Eventually(func() *coordinationv1.Lease { return server.lease(t, "shard-1") }, electionTimeout).Should(And(
		HaveField("Spec.RenewTime.Time", BeTemporally(">", acquired.Spec.RenewTime.Time)),
		HaveField("Spec.AcquireTime", Equal(acquired.Spec.AcquireTime)),
	))
	until, err := e.guard.check()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(until).To(BeTemporally(">", acquired.Spec.RenewTime.Add(longLease)))
}

func TestElectorTakesOverAfterARelease(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	first := elect(t, server, longLease)
	g.Eventually(first.leads, electionTimeout).Should(BeClosed())
	second := elect(t, server, longLease)
	g.Consistently(second.leads, 10*electionRetryPeriod).ShouldNot(BeClosed())

	first.stop()
	g.Eventually(first.stopped, electionTimeout).Should(BeClosed())
	g.Eventually(second.leads, electionTimeout).Should(BeClosed())
	_, err := first.guard.check()
	g.Expect(err).To(beNotHeld("it was released"))
	_, err = second.guard.check()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(server.lease(t, "shard-1").Spec.LeaseTransitions).To(HaveValue(BeEquivalentTo(1)))
}

func TestElectorTakesOverAfterTheLeaseExpired(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	first := elect(t, server, shortLease)
	g.Eventually(first.leads, electionTimeout).Should(BeClosed())
	second := elect(t, server, shortLease)

	first.cut.Store(true)
	last := server.lease(t, "shard-1").Spec.RenewTime.Time
	g.Eventually(second.leads, electionTimeout).Should(BeClosed())
	_, err := first.guard.check()
	g.Expect(err).To(MatchError(ErrNotHeld), "the first must have stopped before the second begins")
	g.Expect(server.lease(t, "shard-1").Spec.AcquireTime.Time).To(BeTemporally(">=", last.Add(shortLease)))
	g.Eventually(first.stopped, electionTimeout).Should(BeClosed())

	first.cut.Store(false)
	g.Expect(server.lease(t, "shard-1").Spec.HolderIdentity).To(HaveValue(Equal("shard-1")), "the first must not release it")
	_, err = second.guard.check()
	g.Expect(err).NotTo(HaveOccurred())
}

func TestElectorEndsWhenTheLeaseIsTaken(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	e := elect(t, server, shortLease)
	g.Eventually(e.leads, electionTimeout).Should(BeClosed())

	g.Eventually(func() error { // the shard renews it all the time
		lease := server.lease(t, "shard-1")
		take(lease)
		_, err := server.CoordinationV1().Leases(testNamespace).Update(t.Context(), lease, metav1.UpdateOptions{})
		return err
	}, electionTimeout).Should(Succeed())
	g.Eventually(e.guard.lost, electionTimeout).Should(BeClosed())
	g.Eventually(e.stopped, electionTimeout).Should(BeClosed())
	g.Expect(server.lease(t, "shard-1").Spec.HolderIdentity).To(HaveValue(Equal("shardlease-controller")))
}

func TestElectorEndsWhenTheLeaseIsDeleted(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	e := elect(t, server, shortLease)
	g.Eventually(e.leads, electionTimeout).Should(BeClosed())

	server.delete(t, "shard-1")
	g.Eventually(e.stopped, electionTimeout).Should(BeClosed())
	g.Expect(e.guard.reason()).To(beNotHeld("was deleted"))
	_, err := server.CoordinationV1().Leases(testNamespace).Get(t.Context(), "shard-1", metav1.GetOptions{})
	g.Expect(err).To(MatchError(apierrors.IsNotFound, "not found"))
}

func TestElectorWaitsWhenTheLeaseOfAnotherProcessIsDeleted(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	first := elect(t, server, shortLease)
	g.Eventually(first.leads, electionTimeout).Should(BeClosed())
	second := elect(t, server, shortLease)
	g.Eventually(second.asked.Load, electionTimeout).Should(BeNumerically(">", 1), "it has seen the lease")
	g.Expect(second.leads).NotTo(BeClosed())

	first.cut.Store(true) // so that it cannot notice
	deleted := time.Now()
	server.delete(t, "shard-1")
	g.Eventually(second.leads, electionTimeout).Should(BeClosed())
	g.Expect(time.Since(deleted)).To(BeNumerically(">=", shortLease))
	_, err := first.guard.check()
	g.Expect(err).To(MatchError(ErrNotHeld), "the first must have stopped before the second begins")
}

func TestElectorStopsWithoutAReleaseWhileAnythingIsInFlight(t *testing.T) {
	g := NewWithT(t)
	server := newLeaseServer()
	e := elect(t, server, longLease)
	g.Eventually(e.leads, electionTimeout).Should(BeClosed())
	_, err := e.guard.enter()
	g.Expect(err).NotTo(HaveOccurred())

	e.stop()
	g.Eventually(e.stopped, electionTimeout).Should(BeClosed())
	g.Expect(server.lease(t, "shard-1").Spec.HolderIdentity).To(HaveValue(Equal("shard-1")))
}
