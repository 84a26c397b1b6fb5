// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"math"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
)

// waitsLong is how long the shard waits for the sharder before it says so.
const waitsLong = 2 * time.Second

// looks is how often the shard looks whether the sharder calls it ready. That takes the sharder some milliseconds.
var looks = wait.Backoff{Duration: 20 * time.Millisecond, Factor: 2, Cap: time.Second, Steps: math.MaxInt32}

// handshake keeps a process that has acquired the shard lease from working until it is safe to do so. While nobody held
// the lease, the sharder moved the shard's objects to others without asking, and may be about to move more. The process
// waits until
//
//  1. the sharder calls it ready, after which its objects are only moved when it lets them go; or one lease duration has
//     passed, since an existing assignment is worked on while no sharder runs;
//  2. it has asked the API server which objects are its own, since its cache may show what was so before.
type handshake struct {
	clock    clock.PassiveClock
	patience time.Duration
	log      logr.Logger

	ready func(context.Context) (bool, error) // whether the sharder calls the shard ready
	ask   func(context.Context) (holdings, error)

	begun time.Time
	told  bool
	safe  bool // whether the first is done

	holdings holdings // set before done is closed
	done     chan struct{}
}

func newHandshake(options Options) *handshake {
	return &handshake{clock: options.Clock, patience: options.LeaseDuration, log: options.Log, done: make(chan struct{})}
}

// run carries the handshake out. It has to be called after the lease was acquired.
func (h *handshake) run(ctx context.Context) error {
	h.begun = h.clock.Now()
	if err := looks.DelayFunc().Until(ctx, false, true, h.step); ctx.Err() == nil {
		return err
	}
	return nil
}

// step does what can be done now, and reports whether nothing is left.
func (h *handshake) step(ctx context.Context) (bool, error) {
	if h.safe = h.safe || h.isSafe(ctx); !h.safe {
		return false, nil
	}
	holdings, err := h.ask(ctx)
	if err != nil {
		h.log.Error(err, "Not working so far, because it is not known which objects belong to this shard")
		return false, nil
	}
	h.holdings = holdings
	close(h.done)
	return true, nil
}

// isSafe reports whether nobody moves the shard's objects any more. When the lease cannot be read, that is for the
// elector to tell, which renews it at the same time.
func (h *handshake) isSafe(ctx context.Context) bool {
	if ready, err := h.ready(ctx); err == nil && ready {
		return true
	}
	waited := elapsed(h.begun, h.clock.Now())
	if waited >= h.patience {
		h.log.Info("No sharder has called this shard ready: working on the objects that it is assigned", "waited", waited)
		return true
	}
	if waited >= waitsLong && !h.told {
		h.told = true
		h.log.Info("Waiting for the sharder to call this shard ready", "atMost", h.patience)
	}
	return false
}

// wait waits until the handshake is done, and returns what the shard owned then.
func (h *handshake) wait(ctx context.Context) (holdings, error) {
	select {
	case <-h.done:
		return h.holdings, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
