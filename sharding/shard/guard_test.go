// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"
	clocktesting "k8s.io/utils/clock/testing"
)

const (
	testLeaseDuration = 15 * time.Second
	testRenewDeadline = 10 * time.Second
)

var begin = time.Date(2030, 1, 2, 3, 4, 5, 678901234, time.UTC)

func newTestGuard() (*guard, *clocktesting.FakePassiveClock) {
	clock := clocktesting.NewFakePassiveClock(begin)
	return newGuard(clock, testLeaseDuration, testRenewDeadline), clock
}

func newHeldGuard() (*guard, *clocktesting.FakePassiveClock) {
	guard, clock := newTestGuard()
	guard.renew(begin)
	return guard, clock
}

// beNotHeld matches an error that says that the lease is not held, and why.
func beNotHeld(why string) types.GomegaMatcher {
	return And(MatchError(ErrNotHeld), MatchError(ContainSubstring(why)))
}

func TestGuardBeforeAcquisition(t *testing.T) {
	g := NewWithT(t)
	guard, _ := newTestGuard()

	_, err := guard.check()
	g.Expect(err).To(beNotHeld("it was not acquired so far"))
	_, err = guard.enter()
	g.Expect(err).To(MatchError(ErrNotHeld))
	g.Expect(guard.release()).To(MatchError(ErrNotHeld), "there is nothing to release")
	g.Expect(guard.reason()).To(Succeed())
	g.Expect(guard.lost).NotTo(BeClosed())

	guard.renew(begin)
	g.Expect(guard.check()).To(Equal(begin.Add(testLeaseDuration)), "what was not held so far can still be acquired")
}

func TestGuardWhileHeld(t *testing.T) {
	g := NewWithT(t)
	guard, clock := newHeldGuard()

	clock.SetTime(begin.Add(testRenewDeadline - 1))
	g.Expect(guard.check()).To(Equal(begin.Add(testLeaseDuration)))
	g.Expect(guard.enter()).To(Equal(begin.Add(testLeaseDuration)))
	guard.leave()

	guard.renew(begin.Add(8 * time.Second))
	clock.SetTime(begin.Add(17 * time.Second))
	g.Expect(guard.check()).To(Equal(begin.Add(8*time.Second + testLeaseDuration)))
	g.Expect(guard.lost).NotTo(BeClosed())
}

func TestGuardAfterTheRenewDeadline(t *testing.T) {
	g := NewWithT(t)
	guard, clock := newHeldGuard()

	clock.SetTime(begin.Add(testRenewDeadline))
	_, err := guard.enter()
	g.Expect(err).To(beNotHeld("it was not renewed for 10s"))
	g.Expect(guard.lost).To(BeClosed())
	g.Expect(guard.reason()).To(Equal(err))

	guard.renew(clock.Now())
	_, err = guard.check()
	g.Expect(err).To(MatchError(ErrNotHeld), "a renewal that comes too late changes nothing")
	clock.SetTime(begin)
	_, err = guard.check()
	g.Expect(err).To(MatchError(ErrNotHeld), "nor does a clock that is set back")
	g.Expect(guard.release()).To(MatchError(ErrNotHeld), "the lease is not this process's any more")
}

func TestGuardIsNotReleasedAfterTheRenewDeadline(t *testing.T) {
	g := NewWithT(t)
	guard, clock := newHeldGuard()

	clock.SetTime(begin.Add(testRenewDeadline + time.Second))
	g.Expect(guard.release()).To(MatchError(ContainSubstring("it was not renewed for 11s")))
	g.Expect(guard.lost).To(BeClosed())
}

func TestGuardLostByTakeover(t *testing.T) {
	g := NewWithT(t)
	guard, _ := newHeldGuard()

	taken := errors.New("taken by somebody")
	guard.lose(taken)
	g.Expect(guard.lost).To(BeClosed())
	_, err := guard.check()
	g.Expect(err).To(And(MatchError(ErrNotHeld), MatchError(taken)))
	_, err = guard.enter()
	g.Expect(err).To(MatchError(taken))
	g.Expect(guard.release()).To(MatchError(taken))

	guard.lose(errors.New("deleted"))
	g.Expect(guard.reason()).To(MatchError(taken), "the first reason is the one to be told")
	guard.renew(begin.Add(time.Second))
	_, err = guard.check()
	g.Expect(err).To(MatchError(taken))
}

func TestGuardRelease(t *testing.T) {
	g := NewWithT(t)
	guard, clock := newHeldGuard()
	_, err := guard.enter()
	g.Expect(err).NotTo(HaveOccurred())
	guard.leave()

	g.Expect(guard.release()).To(Succeed())
	_, err = guard.check()
	g.Expect(err).To(beNotHeld("it was released"))
	_, err = guard.enter()
	g.Expect(err).To(MatchError(ErrNotHeld))
	g.Expect(guard.lost).To(BeClosed())

	clock.SetTime(begin.Add(testLeaseDuration))
	g.Expect(guard.release()).To(Succeed(), "it may be tried again")

	guard.lose(errors.New("taken by somebody"))
	g.Expect(guard.release()).To(MatchError(ContainSubstring("taken by somebody")), "but not when the lease was taken in the meantime")
}

func TestGuardIsNotReleasedWhileAnythingIsInFlight(t *testing.T) {
	g := NewWithT(t)
	guard, _ := newHeldGuard()
	for range 2 {
		_, err := guard.enter()
		g.Expect(err).NotTo(HaveOccurred())
	}
	guard.leave()

	g.Expect(guard.release()).To(beNotHeld("the shard stops with 1 reconciles or writes in flight"))
	_, err := guard.enter()
	g.Expect(err).To(MatchError(ErrNotHeld), "what was about to stop does not begin anything new")
	guard.leave()
	g.Expect(guard.release()).To(MatchError(ErrNotHeld), "nobody may rely on what ended afterwards")
}

// The guard asks both clocks, each of which has its weakness.
func TestGuardClocks(t *testing.T) {
	const second = time.Second
	for name, test := range map[string]struct {
		wall, monotonic time.Duration
		held            bool
	}{
		"both advance, less than the deadline":                   {wall: 9 * second, monotonic: 9 * second, held: true},
		"both advance to the deadline":                           {wall: 10 * second, monotonic: 10 * second},
		"the machine was suspended: the monotonic clock stopped": {wall: 60 * second, monotonic: second},
		"the wall clock was set back":                            {wall: -3600 * second, monotonic: 10 * second},
		"the wall clock was set back, in time":                   {wall: -3600 * second, monotonic: 9 * second, held: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			renewed := time.Now()
			now := shiftWall(t, renewed.Add(test.monotonic), test.wall-test.monotonic)
			g.Expect(now.Sub(renewed)).To(Equal(test.monotonic), "what this test believes of package time")
			g.Expect(now.Round(0).Sub(renewed.Round(0))).To(Equal(test.wall), "what this test believes of package time")

			guard, clock := newTestGuard()
			guard.renew(renewed)
			clock.SetTime(now)
			_, err := guard.check()
			if test.held {
				g.Expect(err).NotTo(HaveOccurred())
			} else {
				g.Expect(err).To(MatchError(ErrNotHeld))
			}
		})
	}
}
