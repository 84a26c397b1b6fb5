// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// ErrNotHeld is returned for every write that is tried while the shard does not surely hold its lease.
var ErrNotHeld = errors.New("the shard lease is not held")

// guard knows whether this process may write. It may from when the lease was acquired until the lease is released, is
// found to be taken, or was not renewed within the renew deadline. Then it never may again: another process may have
// taken over, so only a restart helps.
//
// A process that was paused finds out here, right before it writes, that its time is over.
type guard struct {
	clock         clock.PassiveClock
	renewDeadline time.Duration
	leaseDuration time.Duration

	lost chan struct{}

	mu       sync.Mutex
	renewed  time.Time // the renewal time in the lease as this process wrote it last; zero before the first
	lostErr  error     // why the lease is not held any more
	inFlight int       // reconciles and writes that are under way
}

func newGuard(clock clock.PassiveClock, leaseDuration, renewDeadline time.Duration) *guard {
	return &guard{clock: clock, leaseDuration: leaseDuration, renewDeadline: renewDeadline, lost: make(chan struct{})}
}

// renew notes a successful renewal and the time that it wrote to the lease.
func (g *guard) renew(at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.renewed = at
}

// lose ends the permission to write for good.
func (g *guard) lose(reason error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.loseLocked(reason)
}

// loseLocked keeps the first reason. But a lease that was to be released, and turned out to be taken, is no longer
// this process's to release.
func (g *guard) loseLocked(reason error) {
	switch {
	case g.lostErr == nil:
		close(g.lost)
	case !errors.Is(g.lostErr, errReleased):
		return
	}
	g.lostErr = fmt.Errorf("%w: %w", ErrNotHeld, reason)
}

// reason says why the lease was lost. It is nil if it was not.
func (g *guard) reason() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.lostErr
}

// check returns an error wrapping ErrNotHeld if this process may not write, else the time at which the lease expires.
func (g *guard) check() (time.Time, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.checkLocked()
}

func (g *guard) checkLocked() (time.Time, error) {
	if g.lostErr != nil {
		return time.Time{}, g.lostErr
	}
	if g.renewed.IsZero() {
		return time.Time{}, fmt.Errorf("%w: it was not acquired so far", ErrNotHeld)
	}
	if since := elapsed(g.renewed, g.clock.Now()); since >= g.renewDeadline {
		g.loseLocked(fmt.Errorf("it was not renewed for %s", since.Round(time.Millisecond)))
		return time.Time{}, g.lostErr
	}
	return g.renewed.Add(g.leaseDuration), nil
}

// enter is check for something that takes a while. If it succeeds, leave must be called at the end.
func (g *guard) enter() (time.Time, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	until, err := g.checkLocked()
	if err == nil {
		g.inFlight++
	}
	return until, err
}

func (g *guard) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
}

// release ends the permission to write, and reports whether the lease may be released: not while anything is in
// flight, nor if it is lost already. It may be called again to retry.
func (g *guard) release() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if _, err := g.checkLocked(); err != nil && !errors.Is(err, errReleased) {
		return err
	}
	if g.inFlight > 0 {
		g.loseLocked(fmt.Errorf("the shard stops with %d reconciles or writes in flight", g.inFlight))
		return g.lostErr
	}
	g.loseLocked(errReleased)
	return nil
}

var errReleased = errors.New("it was released")

// elapsed is the longer of what the monotonic and the wall clock say: the first does not advance while a machine is
// suspended, the second may be set back.
func elapsed(since, now time.Time) time.Duration {
	return max(now.Sub(since), now.Round(0).Sub(since.Round(0)))
}
