// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// shaking is a handshake after the lease was acquired, with the sharder and the API server as they are set.
type shaking struct {
	*handshake
	clock *clocktesting.FakePassiveClock

	isReady           bool
	readyErr, listErr error
	asked             int
	logged            []string
}

func newShaking() *shaking {
	s := &shaking{clock: clocktesting.NewFakePassiveClock(begin)}
	log := funcr.New(func(_, args string) { s.logged = append(s.logged, args) }, funcr.Options{})
	s.handshake = newHandshake(Options{Clock: s.clock, LeaseDuration: testLeaseDuration, Log: log})
	s.begun = begin
	s.ready = func(context.Context) (bool, error) { return s.isReady, s.readyErr }
	s.ask = func(context.Context) (holdings, error) {
		s.asked++
		return holdings{}, s.listErr
	}
	return s
}

// at takes a step so long after the beginning, and returns whether the shard may work.
func (s *shaking) at(t *testing.T, after time.Duration) bool {
	t.Helper()
	s.clock.SetTime(begin.Add(after))
	done, err := s.step(t.Context())
	g := NewWithT(t)
	g.Expect(err).NotTo(HaveOccurred())
	if done {
		g.Expect(s.done).To(BeClosed())
	} else {
		g.Expect(s.done).NotTo(BeClosed())
	}
	return done
}

func TestHandshakeWaitsUntilTheSharderCallsTheShardReady(t *testing.T) {
	g := NewWithT(t)
	s := newShaking()
	g.Expect(s.at(t, 20*time.Millisecond)).To(BeFalse())
	s.readyErr = errors.New("service unavailable")
	g.Expect(s.at(t, 40*time.Millisecond)).To(BeFalse())
	g.Expect(s.asked).To(BeZero(), "what it owned before says nothing")

	s.isReady, s.readyErr = true, nil
	g.Expect(s.at(t, 60*time.Millisecond)).To(BeTrue())
	g.Expect(s.asked).To(Equal(1))
	g.Expect(s.logged).To(BeEmpty())
}

func TestHandshakeWaitsForALeaseDurationWithoutASharder(t *testing.T) {
	g := NewWithT(t)
	s := newShaking()
	for _, after := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, testLeaseDuration - 1} {
		g.Expect(s.at(t, after)).To(BeFalse())
	}
	g.Expect(s.logged).To(HaveExactElements(ContainSubstring("Waiting for the sharder to call this shard ready")), "once")
	g.Expect(s.at(t, testLeaseDuration)).To(BeTrue())
	g.Expect(s.asked).To(Equal(1))
	g.Expect(s.logged[1]).To(ContainSubstring("No sharder has called this shard ready"))
}

func TestHandshakeNeedsToKnowWhatTheShardOwns(t *testing.T) {
	g := NewWithT(t)
	s := newShaking()
	s.isReady, s.listErr = true, errors.New("service unavailable")
	g.Expect(s.at(t, 0)).To(BeFalse())
	g.Expect(s.logged).To(HaveExactElements(ContainSubstring("service unavailable")))

	s.isReady, s.listErr = false, nil
	g.Expect(s.at(t, time.Second)).To(BeTrue(), "ready once is ready")
}

func TestHandshakeRuns(t *testing.T) {
	g := NewWithT(t)
	s := newShaking()
	looked := 0
	s.ready = func(context.Context) (bool, error) {
		looked++
		return looked == 3, nil
	}
	g.Expect(s.run(t.Context())).To(Succeed())
	g.Expect(s.done).To(BeClosed())
}

func TestHandshakeEndsWithTheManager(t *testing.T) {
	g := NewWithT(t)
	s := newShaking()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.Expect(s.run(ctx)).To(Succeed())
	g.Expect(s.done).NotTo(BeClosed())
}

func TestReconcilerWaitsForTheHandshake(t *testing.T) {
	for name, labels := range map[string]map[string]string{"to reconcile": ofShard1, "to let an object go": drainingAtShard1} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			h := newHandoverTest(t, labels)
			owned := h.shard.handshake.holdings
			h.shard.handshake = newHandshake(h.shard.options)

			wrapped := h.shard.Reconciler(h.client, &appsv1.Deployment{}, reconcile.Func(func(_ context.Context, request reconcile.Request) (reconcile.Result, error) {
				h.calls = append(h.calls, request)
				return reconcile.Result{}, nil
			}))
			ended := make(chan error, 1)
			start := func(ctx context.Context) {
				_, err := wrapped.Reconcile(ctx, reconcile.Request{NamespacedName: objectKey})
				ended <- err
			}
			ctx, cancel := context.WithCancel(t.Context())
			go start(ctx)
			g.Consistently(ended, "100ms").ShouldNot(Receive())
			g.Expect(inFlight(h.shard.guard)).To(BeZero(), "what waits does not keep the lease from being released")
			cancel()
			g.Eventually(ended, time.Minute).Should(Receive(MatchError(context.Canceled)))
			g.Expect(h.calls).To(BeEmpty())
			g.Expect(h.patches).To(BeEmpty())

			go start(t.Context())
			h.shard.handshake.holdings = owned
			close(h.shard.handshake.done)
			g.Eventually(ended, time.Minute).Should(Receive(Succeed()))
			g.Expect(len(h.calls) + len(h.patches)).To(Equal(1))
		})
	}
}
