// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/audit"
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
func (m *Measurement) prepare(ctx context.Context, scenario Scenario) (*run, error) {
	m.say("%s", scenario)
	fleet, err := m.fleet(ctx, m.Shards+1)
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
	leader, err := m.leader(ctx, usual)
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
	r.tracker.Reset()
	r.begin = r.Clock.Now()
	r.placed = r.tracker.Watch(r.keys, false, r.begin, placed(r.right))
	ended := make(chan error, 1)
	r.ended = ended
	go func() { ended <- r.fleet.run(ctx, r.after, crash) }()

	if ok, err := r.await(ctx, r.placed, "with their right shard"); err != nil || !ok {
		return err
	}
	reached, _ := r.placed.State()
	asked := r.tracker.Sites()
	ready := r.tracker.Watch(r.keys, true, reached, func(site Site) bool {
		return site.Phase == "Ready" && site.Observed >= asked[site.Key].Generation
	})
	defer ready.Close()
	if ok, err := r.await(ctx, ready, "ready"); err != nil || !ok {
		return err
	}
	if at, _ := ready.State(); !at.IsZero() {
		r.outcome.Ready = seconds(at.Sub(r.begin))
	}
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
	if reached, open := r.placed.State(); !reached.IsZero() {
		r.outcome.Placed = seconds(reached.Sub(r.begin))
	} else {
		r.note("%d websites are not with their right shard", open)
	}
	if takeover.Missing == 0 && !takeover.Last.IsZero() {
		r.outcome.TakenOver = seconds(takeover.Last.Sub(r.begin))
	} else if takeover.Missing > 0 {
		r.note("%d websites that moved were not taken over by their new shard", takeover.Missing)
	}
	r.count(writes, end)
	r.leaseTimes(writes)
	r.say("    placed %s, taken over %s, ready %s; %d moved, %d flapped, %d of %d writes refused with 409",
		text(r.outcome.Placed), text(r.outcome.TakenOver), text(r.outcome.Ready), r.outcome.Moved, r.outcome.Flapped,
		r.outcome.Writes.Conflicts, r.outcome.Writes.Operator)
	return nil
}

func (r *run) count(writes []audit.Write, end time.Time) {
	sites := r.tracker.Sites()
	r.outcome.Window = end.Sub(r.begin).Seconds()
	r.outcome.Writes = countWrites(writes, r.begin, end)
	r.outcome.Moved = len(differing(r.oldShards, shardsOf(sites)))
	r.outcome.Minimum = len(differing(owners(r.keys, r.before), r.right))
	r.outcome.Ideal = float64(len(r.keys)) / float64(max(len(r.before), len(r.after)))

	changed := map[string]bool{}
	var changes []Change
	for _, change := range r.tracker.Changes() {
		// One that was under way when the shards changed began before.
		changed[change.Key] = true
		if !change.Sent.Before(r.begin) {
			changes = append(changes, change)
		}
	}
	r.outcome.Changes = latencyOfChanges(changes)
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
