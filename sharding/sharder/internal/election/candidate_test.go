// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package election

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/client-go/kubernetes/fake"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	clienttesting "k8s.io/client-go/testing"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

const electionTimeout = time.Minute

// patient are durations with which nothing happens by the passing of time, for as long as a test lasts.
var patient = Candidate{LeaseDuration: time.Hour, RenewDeadline: 40 * time.Minute, RetryPeriod: 30 * time.Minute}

// eager are durations with which a lost election is noticed quickly.
var eager = Candidate{LeaseDuration: 3 * time.Second, RenewDeadline: time.Second, RetryPeriod: 50 * time.Millisecond}

// standing is a candidate that stands for election, and what becomes of it.
type standing struct {
	*Candidate
	stop   context.CancelFunc
	terms  chan context.Context // one is sent whenever the candidate is elected
	resign chan error           // what lead returns; it does so when something is sent
	ended  chan error           // closed when Run has returned
}

func stand(t *testing.T, leases *fake.Clientset, candidate Candidate) *standing {
	t.Helper()
	candidate.Client, candidate.Namespace, candidate.LeaseName = fakeCoordination{leases.CoordinationV1()}, testring.Namespace, "my-ring"
	candidate.Identity, candidate.Log = string(uuid.NewUUID()), logr.Discard()
	if candidate.Clock == nil {
		candidate.Clock = clock.RealClock{}
	}
	s := &standing{
		Candidate: &candidate,
		terms:     make(chan context.Context, 100), resign: make(chan error), ended: make(chan error, 1),
	}
	ctx, stop := context.WithCancel(logr.NewContext(context.Background(), logr.Discard()))
	s.stop = stop
	go func() {
		defer close(s.ended)
		s.ended <- s.Run(ctx, s.lead)
	}()
	t.Cleanup(func() {
		stop()
		for range s.ended {
			continue
		}
	})
	return s
}

// lead leads until the test says so. Only if the test is over does it mind its context.
func (s *standing) lead(ctx context.Context) error {
	s.terms <- ctx
	select {
	case err := <-s.resign:
		return err
	case <-time.After(electionTimeout):
		return errors.New("the test forgot to let this candidate resign")
	}
}

// fakeCoordination says that a watch does not begin with what there is already. The fake clientset says so as a whole, but
// its parts do not.
type fakeCoordination struct {
	coordinationv1client.CoordinationV1Interface
}

func (fakeCoordination) IsWatchListSemanticsUnSupported() bool { return true }

// watches returns how many watches were begun.
func watches(leases *fake.Clientset) func() int {
	return func() int {
		count := 0
		for _, action := range leases.Actions() {
			if action.GetVerb() == "watch" {
				count++
			}
		}
		return count
	}
}

func leaderLease(t *testing.T, leases *fake.Clientset) *coordinationv1.Lease {
	t.Helper()
	lease, err := leases.CoordinationV1().Leases(testring.Namespace).Get(t.Context(), "my-ring", metav1.GetOptions{})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return lease
}

func TestCandidateFollowsAtOnceAfterARelease(t *testing.T) {
	g := NewWithT(t)
	leases := fake.NewClientset()
	first := stand(t, leases, patient)
	var term context.Context
	g.Eventually(first.terms, electionTimeout).Should(Receive(&term))
	second := stand(t, leases, patient)
	g.Eventually(watches(leases), electionTimeout).Should(Equal(2))
	g.Expect(leaderLease(t, leases).Spec.HolderIdentity).To(HaveValue(Equal(first.Identity)))
	g.Expect(second.terms).NotTo(Receive())

	first.stop()
	g.Eventually(term.Done(), electionTimeout).Should(BeClosed())
	g.Consistently(func() *string { return leaderLease(t, leases).Spec.HolderIdentity }).Should(
		HaveValue(Equal(first.Identity)), "the lease is released only when the term is over")
	g.Expect(second.terms).NotTo(Receive())

	first.resign <- nil
	g.Eventually(second.terms, electionTimeout).Should(Receive(), "long before it would try again by itself")
	g.Eventually(first.ended, electionTimeout).Should(Receive(BeNil()))
	g.Expect(leaderLease(t, leases).Spec.HolderIdentity).To(HaveValue(Equal(second.Identity)))
	second.stop()
	second.resign <- nil
	g.Eventually(second.ended, electionTimeout).Should(Receive(BeNil()))
	g.Expect(leaderLease(t, leases).Spec.HolderIdentity).To(HaveValue(BeEmpty()))
}

func TestCandidateStandsAgainWhenItLosesTheElection(t *testing.T) {
	g := NewWithT(t)
	leases := fake.NewClientset()
	var taken atomic.Bool
	// The fake clientset would let the candidate overwrite what another has taken.
	leases.PrependReactor("update", "leases", func(action clienttesting.Action) (bool, runtime.Object, error) {
		lease := action.(clienttesting.UpdateAction).GetObject().(*coordinationv1.Lease)
		if taken.Load() && *lease.Spec.HolderIdentity != "another" {
			return true, nil, testring.Conflict("my-ring")
		}
		return false, nil, nil
	})
	s := stand(t, leases, eager)
	var term context.Context
	g.Eventually(s.terms, electionTimeout).Should(Receive(&term))

	// Somebody else takes the lease.
	taken.Store(true)
	lease := leaderLease(t, leases)
	lease.Spec.HolderIdentity, lease.Spec.LeaseDurationSeconds = new("another"), new(int32(3600))
	_, err := leases.CoordinationV1().Leases(testring.Namespace).Update(t.Context(), lease, metav1.UpdateOptions{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(term.Done(), electionTimeout).Should(BeClosed())
	s.resign <- errors.New("a cache did not sync before the term was over")
	g.Consistently(s.ended).ShouldNot(Receive(), "to lose an election is no reason to end the process")
	g.Expect(s.terms).NotTo(Receive())

	lease = leaderLease(t, leases)
	g.Expect(lease.Spec.HolderIdentity).To(HaveValue(Equal("another")), "what is another's is not released")
	taken.Store(false)
	lease.Spec.HolderIdentity = new("")
	g.Expect(leases.Tracker().Update(coordinationv1.SchemeGroupVersion.WithResource("leases"), lease, testring.Namespace)).To(Succeed())
	g.Eventually(s.terms, electionTimeout).Should(Receive())
	s.stop()
	s.resign <- nil
}

func TestCandidateReturnsErrorsOfATerm(t *testing.T) {
	g := NewWithT(t)
	leases := fake.NewClientset()
	s := stand(t, leases, patient)
	g.Eventually(s.terms, electionTimeout).Should(Receive())

	broken := errors.New("no cache can be made")
	s.resign <- broken
	g.Eventually(s.ended, electionTimeout).Should(Receive(MatchError(broken)))
	g.Expect(leaderLease(t, leases).Spec.HolderIdentity).To(HaveValue(BeEmpty()))
}

func TestCandidateStandsAgainWhenItsTermEnds(t *testing.T) {
	g := NewWithT(t)
	s := stand(t, fake.NewClientset(), patient)
	for range 3 {
		g.Eventually(s.terms, electionTimeout).Should(Receive())
		s.resign <- nil
	}
	g.Eventually(s.terms, electionTimeout).Should(Receive())
	s.stop()
	s.resign <- nil
	g.Eventually(s.ended, electionTimeout).Should(Receive(BeNil()))
}

func TestCandidateThatIsNotElectedStops(t *testing.T) {
	g := NewWithT(t)
	leases := fake.NewClientset()
	lease := testring.BareLease("my-ring")
	lease.Spec.HolderIdentity, lease.Spec.LeaseDurationSeconds = new("another"), new(int32(3600))
	g.Expect(leases.Tracker().Add(lease)).To(Succeed())
	s := stand(t, leases, patient)
	g.Eventually(watches(leases), electionTimeout).Should(Equal(1))

	s.stop()
	g.Eventually(s.ended, electionTimeout).Should(Receive(BeNil()))
	g.Expect(leaderLease(t, leases).Spec).To(Equal(lease.Spec))
	g.Expect(s.terms).NotTo(Receive())
}

func TestCandidateRefusesDurations(t *testing.T) {
	g := NewWithT(t)
	c := &Candidate{
		Client: fakeCoordination{fake.NewClientset().CoordinationV1()}, Namespace: testring.Namespace, LeaseName: "my-ring", Identity: "me",
		LeaseDuration: time.Second, RenewDeadline: time.Minute, RetryPeriod: time.Second, Clock: clock.RealClock{},
	}
	g.Expect(c.Run(t.Context(), func(context.Context) error { return nil })).To(
		MatchError(ContainSubstring("standing for election as the sharder: leaseDuration must be greater than renewDeadline")))
}
