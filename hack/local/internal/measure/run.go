// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/audit"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// run is one scenario while it happens.
type run struct {
	*Measurement
	scenario Scenario
	fleet    *fleet
	keys     []string

	before, after []string
	oldShards     map[string]string
	right         map[string]string
	begin         time.Time
	placed        *Goal
	ended         <-chan error
	outcome       Outcome
}

// prepare brings the ring to rest with its usual shards; it returns nil if it does not come to rest.
func (m *Measurement) prepare(ctx context.Context, mode operator.Mode, scenario Scenario) (*run, error) {
	m.say("%s", scenario)
	fleet, err := m.fleet(ctx, mode, m.Shards+1)
	if err != nil {
		return nil, err
	}
	r := &run{Measurement: m, scenario: scenario, fleet: fleet, keys: keysOf(m.Websites)}
	usual, _, _ := Scenario{Event: Join}.members(m.Shards, "")
	if err := fleet.run(ctx, usual, ""); err != nil {
		return nil, err
	}
	inPlace := placed(owners(r.keys, usual))
	settled := m.tracker.Watch(r.keys, false, m.Clock.Now(), func(site Site) bool { return site.ready() && inPlace(site) })
	defer settled.Close()
	for {
		ok, err := m.await(ctx, settled, "settled")
		if err != nil || !ok {
			return nil, err
		}
		if err := m.pause(ctx, calm); err != nil {
			return nil, err
		}
		if reached, _ := settled.State(); !reached.IsZero() && m.Clock.Since(reached) >= calm {
			break
		}
	}
	if err := m.awaitRest(ctx); err != nil {
		return nil, err
	}
	leader, err := m.leader(ctx, mode, usual)
	if err != nil {
		return nil, err
	}
	r.before, r.after, r.outcome.Shard = scenario.members(m.Shards, leader)
	r.right = owners(r.keys, r.after)
	r.outcome.Scenario = scenario
	return r, nil
}

// happen lets it happen, and waits until its consequences are over.
func (r *run) happen(ctx context.Context) error {
	crash := ""
	if r.scenario.Event == Crash {
		crash = r.outcome.Shard
	}
	r.oldShards = shardsOf(r.tracker.Sites())
	if err := r.witness().Begins(ctx, r.scenario); err != nil {
		return err
	}
	r.tracker.Reset()
	r.begin = r.Clock.Now()
	r.placed = r.tracker.Watch(r.keys, false, r.begin, placed(r.right))
	ended := make(chan error, 1)
	r.ended = ended
	go func() { ended <- r.fleet.run(ctx, r.after, crash) }()

	ok, err := r.await(ctx, r.placed, "with their right shard")
	if err := errors.Join(err, r.witness().Placed(ctx)); err != nil || !ok {
		return err
	}
	reached, _ := r.placed.State()
	asked := r.tracker.Sites()
	handled := func(site Site) bool { return site.Observed >= asked[site.Key].Generation }
	reconciled := r.tracker.Watch(r.keys, true, reached, handled)
	defer reconciled.Close()
	ready := r.tracker.Watch(r.keys, true, reached, func(site Site) bool { return handled(site) && site.Phase == "Ready" })
	defer ready.Close()
	if _, err := r.await(ctx, ready, "ready"); err != nil {
		return err
	}
	r.outcome.Reconciled, r.outcome.Ready = r.reached(reconciled), r.reached(ready)
	// What comes late is to be seen as well.
	return r.pause(ctx, calm)
}

// finish waits for what is still under way, and counts.
func (r *run) finish(ctx context.Context) error {
	defer r.placed.Close()
	if err := <-r.ended; err != nil {
		return err
	}
	if err := r.awaitChanges(ctx); err != nil {
		return err
	}
	writes, takeover, err := r.awaitTakeover(ctx)
	if err != nil {
		return err
	}
	end := r.Clock.Now()
	r.outcome.Load = machine.Load(ctx)
	if r.outcome.Placed = r.reached(r.placed); r.outcome.Placed == nil {
		_, open := r.placed.State()
		r.note("%d websites are not with their right shard", open)
	}
	if takeover.Missing == 0 && !takeover.Last.IsZero() {
		r.outcome.TakenOver = seconds(takeover.Last.Sub(r.begin))
	} else if takeover.Missing > 0 {
		r.note("%d websites that moved were not taken over by their new shard", takeover.Missing)
	}
	r.count(writes, end)
	r.leaseTimes(writes)
	r.say("    placed %s, taken over %s, Ready %s; %d moved, %d flapped, %d of %d writes refused with 409",
		text(r.outcome.Placed), text(r.outcome.TakenOver), text(r.outcome.Ready), r.outcome.Moved, r.outcome.Flapped,
		r.outcome.Writes.Conflicts, r.outcome.Writes.Operator)
	return nil
}

// reached returns when the goal was reached; nil if it is not.
func (r *run) reached(goal *Goal) *float64 {
	at, _ := goal.State()
	if at.IsZero() {
		return nil
	}
	return seconds(at.Sub(r.begin))
}

func (r *run) count(writes []audit.Write, end time.Time) {
	sites := r.tracker.Sites()
	r.outcome.Window = end.Sub(r.begin).Seconds()
	r.outcome.Writes = countWrites(writes, r.begin, end)
	moved := differing(r.oldShards, shardsOf(sites))
	r.outcome.Moved = len(moved)
	r.outcome.Minimum = len(differing(owners(r.keys, r.before), r.right))
	r.outcome.Ideal = float64(len(r.keys)) / float64(max(len(r.before), len(r.after)))

	changed := map[string]bool{}
	var changes, changesOfMoved []Change
	for _, change := range r.tracker.Changes() {
		// One that was under way when the shards changed began before.
		changed[change.Key] = true
		if change.Sent.Before(r.begin) {
			continue
		}
		changes = append(changes, change)
		if slices.Contains(moved, change.Key) {
			changesOfMoved = append(changesOfMoved, change)
		}
	}
	r.outcome.Changes, r.outcome.ChangesOfMoved = changesOf(changes), changesOf(changesOfMoved)
	for _, key := range r.tracker.Flapped() {
		r.outcome.Flapped++
		if !changed[key] {
			r.outcome.FlappedUnchanged++
		}
	}
}

func (r *run) note(format string, arguments ...any) {
	r.outcome.Notes = append(r.outcome.Notes, fmt.Sprintf(format, arguments...))
}
