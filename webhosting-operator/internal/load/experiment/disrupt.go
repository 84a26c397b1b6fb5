// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/scenario"
)

// disruption is what is done to the instances during a phase.
type disruption struct {
	run      *run
	ending   chan struct{}
	endOnce  sync.Once
	finished chan struct{}
}

// disrupt begins what is to be done to the instances; nil: nothing.
func (r *run) disrupt(ctx context.Context, what *scenario.Disruption) *disruption {
	d := &disruption{run: r, ending: make(chan struct{}), finished: make(chan struct{})}
	go func() {
		defer close(d.finished)
		switch {
		case what == nil:
		case what.Restart:
			r.do(ctx, "restart", "", func() error { return r.Fleet.Restart(ctx) })
		case what.Kill > 0:
			d.kill(ctx, *what)
		}
	}()
	return d
}

// goesOn tells that the phase is to end, and returns whether it has to wait for something that has begun.
func (d *disruption) goesOn() bool {
	d.endOnce.Do(func() { close(d.ending) })
	select {
	case <-d.finished:
		return false
	default:
		return true
	}
}

// end waits until nothing is done any more, and has all instances run again if the context ended.
func (d *disruption) end(ctx context.Context) error {
	d.goesOn()
	<-d.finished
	if ctx.Err() == nil || d.run.Fleet == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), d.run.CleanupTimeout)
	defer cancel()
	return d.run.Fleet.Restore(ctx)
}

// kill kills a shard every now and then, until the phase is to end or the context ends.
func (d *disruption) kill(ctx context.Context, what scenario.Disruption) {
	random := rand.New(rand.NewPCG(d.run.Seed, d.run.Seed)) //nolint:gosec // it is to be repeatable
	never := make(chan struct{})
	for {
		select {
		case <-d.ending:
			return
		default:
		}
		begin := d.run.Clock.Now()
		if shards, err := d.run.Fleet.Shards(ctx); err != nil || len(shards) == 0 {
			d.run.do(ctx, "kill", "", func() error { return cmp.Or(err, errors.New("no shard runs")) })
		} else {
			shard := shards[random.IntN(len(shards))]
			d.run.do(ctx, "kill", shard, func() error { return d.run.Fleet.Kill(ctx, shard) })
			// What was killed is restored before the phase ends.
			d.pause(ctx, what.Restore, never)
			d.run.do(ctx, "restore", shard, func() error { return d.run.Fleet.Restore(ctx) })
		}
		if !d.pause(ctx, what.Kill-d.run.Clock.Since(begin), d.ending) {
			return
		}
	}
}

// pause waits; it returns false if the context or something else ended before.
func (d *disruption) pause(ctx context.Context, duration time.Duration, early <-chan struct{}) bool {
	timer := d.run.Clock.NewTimer(max(0, duration))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-early:
		return false
	case <-timer.C():
		return true
	}
}

// do does something to the instances, and notes it. A run in which that failed is not what its scenario promises.
func (r *run) do(ctx context.Context, kind, target string, do func() error) {
	if ctx.Err() != nil {
		return
	}
	note := result.Disruption{Kind: kind, Target: target, Begin: r.Clock.Now()}
	err := do()
	note.End = r.Clock.Now()
	if err != nil && ctx.Err() == nil {
		note.Error = err.Error()
		r.invalidate("doing something to the instances failed (%s): %v", strings.TrimSpace(kind+" "+target), err)
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.result.Disruptions = append(r.result.Disruptions, note)
}
