// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

// Plan is a scenario with all its numbers.
type Plan struct {
	// Themes and Projects are made before anything else; at least 1 each.
	Themes, Projects int
	// Websites are made, and Ready, before the load begins.
	Websites int
	// Phases follow each other without a gap.
	Phases []Phase
	// Capacity is searched for instead, if it is set; there are no phases then.
	Capacity *Capacity
}

// Phase is a part of a run in which the same things are done at the same rates.
type Phase struct {
	Name string
	// Duration is how long it lasts, at least: it also waits for a disruption that is under way.
	Duration time.Duration
	// Rates are by operation. What is not in it is not done.
	Rates map[result.Operation]Rate
	// Disruption is done to the instances meanwhile; nil: none.
	Disruption *Disruption
}

// Rate is how often something is done per second.
type Rate struct {
	// From and To are the rate when the phase begins and ends; it changes evenly in between.
	From, To float64
	// Each is how often every website has its turn. If it is set, the rate depends on how many there are, and what From and
	// To say is an upper bound.
	Each time.Duration
}

// Constant is the same rate all the time.
func Constant(perSecond float64) Rate { return Rate{From: perSecond, To: perSecond} }

// At returns the rate after a part of the phase, from 0 to 1, with so many websites.
func (r Rate) At(part float64, websites int) float64 {
	part = min(max(part, 0), 1)
	rate := r.From + (r.To-r.From)*part
	if r.Each > 0 {
		rate = min(rate, float64(websites)/r.Each.Seconds())
	}
	return rate
}

// Disruption is what is done to the instances.
type Disruption struct {
	// Kill says how often a shard that is chosen at random is ended by force; 0: never. The first is right at the beginning.
	Kill time.Duration
	// Restore is how long it stays down.
	Restore time.Duration
	// Restart holds if all shards are restarted gracefully, one after the other, as by a new version.
	Restart bool
}

// Capacity is a search for the highest rate of changes at which the objectives hold, for 1 to so many shards.
type Capacity struct {
	Shards int
	// Quiet is how long the instances must have had nothing to do before the first rate is tried; 0: it is not looked.
	Quiet time.Duration
	// Settle is how long a rate goes on before it is measured, and Window how long it is measured.
	Settle, Window time.Duration
	// Start is the first rate that is tried with one shard, and Limit the highest that is ever tried, in changes a second.
	Start, Limit float64
	// Growth is the factor from one rate to the next as long as the objectives hold; Precision is how near to the limit the
	// search ends, as a part of it.
	Growth, Precision float64
	// QueueP99 and ReadyP99 are the objectives: the 99th percentiles of the time in the queues, and until Ready.
	QueueP99, ReadyP99 time.Duration
}
