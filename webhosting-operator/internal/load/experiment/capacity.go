// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/capacity"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/scenario"
)

const (
	// leastGenerated is what part of a rate there must be for it to count as tried.
	leastGenerated = 0.95
	// leastRate is the part of the first rate below which nothing is tried.
	leastRate = 0.01
	// unknown stands for a percentile that is not known, or never came.
	unknown = -1
)

// searchCapacity finds the capacity of one shard, of two, and so on.
func (r *run) searchCapacity(ctx context.Context, wanted scenario.Capacity) (err error) {
	before, err := r.Fleet.Shards(ctx)
	if err != nil {
		return err
	}
	defer func() {
		restoring, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.CleanupTimeout)
		defer cancel()
		err = errors.Join(err, r.Fleet.Scale(restoring, len(before)))
		if err == nil {
			err = r.rest(ctx, len(before))
		}
	}()
	first := wanted.Start
	for shards := 1; shards <= wanted.Shards; shards++ {
		leave := r.enter(fmt.Sprintf("scaling to %d shards", shards))
		var err error
		r.do(ctx, "scale", strconv.Itoa(shards), func() error {
			err = r.Fleet.Scale(ctx, shards)
			return err
		})
		if err == nil {
			err = r.rest(ctx, shards)
		}
		if err == nil {
			err = r.awaitQuiet(ctx, wanted.Quiet)
		}
		leave()
		if err != nil {
			return err
		}
		found, err := r.capacityOf(ctx, wanted, shards, first)
		r.result.Capacity = append(r.result.Capacity, found)
		if err != nil {
			return err
		}
		r.Display.Say("capacity of %d shards: %.4g changes/s", shards, found.ChangesPerSecond)
		if found.ChangesPerSecond > 0 {
			// Ideally, another shard adds as much as each of those before.
			first = found.ChangesPerSecond * float64(shards+1) / float64(shards)
		}
	}
	return nil
}

// rest waits until all websites are shared by so many shards, and Ready.
func (r *run) rest(ctx context.Context, shards int) error {
	ctx, cancel := context.WithTimeout(ctx, r.SetupTimeout)
	defer cancel()
	return r.awaitRest(ctx, shards)
}

// awaitQuiet waits until the instances had nothing to do for a while; 0: not at all. Websites that changed hands are Ready all
// the time, but their new owners write to what belongs to them later, by and by.
func (r *run) awaitQuiet(ctx context.Context, quiet time.Duration) error {
	if quiet <= 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.SetupTimeout)
	defer cancel()
	task := r.Display.Start("waiting until nothing is reconciled", 1)
	defer task.End()
	timer := r.Clock.NewTimer(quiet)
	defer timer.Stop()
	count := 0.0
	for {
		select {
		case <-ctx.Done():
			return fmt.Errorf("about %.0f websites were reconciled within %s though nothing changed: %w", count, quiet, ctx.Err())
		case <-timer.C():
		}
		var err error
		if count, err = r.Queues.Reconciles(ctx, quiet); err != nil || count == 0 {
			return err
		}
		task.Set(0, fmt.Sprintf("about %.0f in the last %s", count, quiet))
		timer.Reset(time.Second)
	}
}

func (r *run) capacityOf(ctx context.Context, wanted scenario.Capacity, shards int, first float64) (result.Capacity, error) {
	found := result.Capacity{Shards: shards}
	search := capacity.Search{
		Start: first, Limit: wanted.Limit, Growth: wanted.Growth, Precision: wanted.Precision, Least: wanted.Start * leastRate,
	}
	for {
		rate, more := search.Next()
		if !more {
			break
		}
		step, err := r.try(ctx, wanted, shards, rate)
		if err != nil {
			return found, err
		}
		found.Steps = append(found.Steps, step)
		search.Tried(rate, step.Holds)
		// What could not be worked off is no load of the next step.
		if err := r.rest(ctx, shards); err != nil {
			return found, err
		}
	}
	found.ChangesPerSecond, found.Conclusive = search.Capacity()
	if step, limited := limitedElsewhere(found); limited {
		r.invalidate("with %d shards, %.4g changes/s were to be generated, and %.4g were: what limits is the machine, not the shards",
			shards, step.ChangesPerSecond, step.Achieved)
	}
	return found, nil
}

// try puts a rate of changes on the cluster, and looks whether the objectives hold.
func (r *run) try(ctx context.Context, wanted scenario.Capacity, shards int, rate float64) (result.Step, error) {
	step := result.Step{ChangesPerSecond: rate, QueueP99: unknown}
	phase := scenario.Phase{Rates: map[result.Operation]scenario.Rate{result.Change: scenario.Constant(rate)}}
	phase.Name, phase.Duration = fmt.Sprintf("%d shards, settling at %.4g/s", shards, rate), wanted.Settle
	if wanted.Settle > 0 {
		if err := r.phase(ctx, phase); err != nil {
			return step, err
		}
	}

	ready, counts := r.times.Since(result.ChangeToReady), r.ledger.Counts()[result.Change]
	phase.Name, phase.Duration = fmt.Sprintf("%d shards, %.4g/s", shards, rate), wanted.Window
	begin := r.Clock.Now()
	if err := r.phase(ctx, phase); err != nil {
		return step, err
	}
	end := r.Clock.Now()
	achieved := r.ledger.Counts()[result.Change].Achieved - counts.Achieved
	step.Achieved = float64(achieved) / end.Sub(begin).Seconds()

	// Whatever takes longer than the objective breaks it, however long it takes.
	if err := r.awaitChanges(ctx, wanted.ReadyP99); err != nil {
		return step, err
	}
	step.ReadyP99 = percentile99(ready(), r.tracker.Unfinished()[result.ChangeToReady])
	queued, err := r.Queues.P99(ctx, end, end.Sub(begin))
	if err != nil {
		return step, err
	}
	step.QueueP99 = queued
	step.Reason = verdict(step, wanted)
	step.Holds = step.Reason == ""
	return step, nil
}

// limitedElsewhere returns the step that ended the search, if it could not be generated: then the machine is the limit,
// and not the shards. Loads above that one do not matter.
func limitedElsewhere(found result.Capacity) (result.Step, bool) {
	var least result.Step
	for _, step := range found.Steps {
		if step.ChangesPerSecond > found.ChangesPerSecond && (least.ChangesPerSecond == 0 || step.ChangesPerSecond <= least.ChangesPerSecond) {
			least = step
		}
	}
	return least, !generated(least)
}

func generated(step result.Step) bool { return step.Achieved >= leastGenerated*step.ChangesPerSecond }

// awaitChanges waits until no change is under way, at most for a while.
func (r *run) awaitChanges(ctx context.Context, atMost time.Duration) error {
	timer, ticker := r.Clock.NewTimer(atMost), r.Clock.NewTicker(lookEvery)
	defer timer.Stop()
	defer ticker.Stop()
	for r.tracker.Unfinished()[result.ChangeToReady] > 0 {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C():
			return nil
		case <-ticker.C():
		}
	}
	return nil
}

// percentile99 is the 99th percentile of what has come to an end and what has not, which counts as longer than all else.
func percentile99(seconds []float64, unfinished int) float64 {
	total := len(seconds) + unfinished
	rank := (total*99 + 99) / 100
	if rank == 0 || rank > len(seconds) {
		return unknown
	}
	return slices.Sorted(slices.Values(seconds))[rank-1]
}

// verdict returns why the objectives do not hold, or an empty text if they do.
func verdict(step result.Step, wanted scenario.Capacity) string {
	var reasons []string
	if !generated(step) {
		reasons = append(reasons, fmt.Sprintf("only %.4g changes/s could be generated", step.Achieved))
	}
	if limit := wanted.QueueP99.Seconds(); step.QueueP99 > limit {
		reasons = append(reasons, fmt.Sprintf("%.3g s in the queues instead of %.3g s", step.QueueP99, limit))
	}
	switch limit := wanted.ReadyP99.Seconds(); {
	case step.ReadyP99 < 0:
		reasons = append(reasons, "more than 1 % of the changes were not ready in time")
	case step.ReadyP99 > limit:
		reasons = append(reasons, fmt.Sprintf("%.3g s until ready instead of %.3g s", step.ReadyP99, limit))
	}
	return strings.Join(reasons, "; ")
}
