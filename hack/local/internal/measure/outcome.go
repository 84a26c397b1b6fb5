// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// Outcome tells how a scenario went. Times are in seconds since right before the supervisor was told; they are nil if
// what they tell about did not happen in time.
type Outcome struct {
	Scenario
	// Shard is the one that left, crashed or joined.
	Shard string `json:"shard"`
	// Placed is when every website was with a live shard, its right one.
	Placed *float64 `json:"placedSeconds"`
	// TakenOver is when the new owners had written to all objects of the websites that moved.
	TakenOver *float64 `json:"takenOverSeconds"`
	// Reconciled is when the operator had worked on all that had been asked of any website until Placed, and Ready when
	// they had been Ready for it.
	Reconciled *float64 `json:"reconciledSeconds"`
	Ready      *float64 `json:"readySeconds"`
	// Lease is when the lease of a shard that left was released, or that of one that joined acquired; nil for a crash.
	Lease *float64 `json:"leaseSeconds"`
	// Leader is when another shard led as the sharder; nil unless the leader left.
	NewLeader *float64 `json:"newLeaderSeconds"`

	// Moved are the websites that have another shard than before, Minimum those that must have one by the ring, and
	// Ideal their number if all shards had the same.
	Moved   int     `json:"moved"`
	Minimum int     `json:"minimum"`
	Ideal   float64 `json:"ideal"`
	// Flapped are the websites that were Ready and then not, though nobody changed them since; FlappedUnchanged those
	// among them that nobody changed at all meanwhile.
	Flapped          int `json:"flapped"`
	FlappedUnchanged int `json:"flappedUnchanged"`

	Writes Writes `json:"writes"`
	// Changes are those that were made meanwhile, and ChangesOfMoved those among them to websites that moved.
	Changes        Changes `json:"changes"`
	ChangesOfMoved Changes `json:"changesOfMoved"`
	// MissedChanges were due but not made, because the API server was too slow or refused them.
	MissedChanges int `json:"missedChanges"`
	// Window is how long everything was counted for.
	Window float64 `json:"windowSeconds"`
	// Load is the load average of the machine's last minute at the end.
	Load  float64  `json:"load"`
	Notes []string `json:"notes,omitempty"`
}

// change lets the scenario happen and watches what comes of it.
func (m *Measurement) change(ctx context.Context, mode operator.Mode, scenario Scenario) (Outcome, error) {
	run, err := m.prepare(ctx, mode, scenario)
	if err != nil || run == nil {
		return Outcome{Scenario: scenario, Notes: []string{"not measured: the websites did not settle before it"}}, err
	}
	stop := func() {}
	var changing *churn
	if scenario.Churn {
		changing = m.churn
		changing.reset()
		stopChurn := changing.start(ctx)
		stopped := false
		stop = func() {
			if !stopped {
				stopped = true
				stopChurn()
			}
		}
		defer stop()
		if err := m.pause(ctx, calm); err != nil {
			return run.outcome, err
		}
	}
	if err := run.happen(ctx); err != nil {
		return run.outcome, err
	}
	stop()
	if err := run.finish(ctx); err != nil {
		return run.outcome, err
	}
	if err := m.witness().Ended(ctx); err != nil {
		return run.outcome, err
	}
	if changing != nil {
		missed, failed := changing.missed()
		run.outcome.MissedChanges = missed
		if failed != nil {
			run.outcome.Notes = append(run.outcome.Notes, failed.Error())
		}
	}
	return run.outcome, nil
}
