// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"slices"
	"sync/atomic"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// members holds the current membership of a ring for everybody who decides on objects. Reading it is free.
type members struct {
	current atomic.Pointer[plan.Membership]
	// onChange is called after a membership was published that differs from the one before it.
	onChange []func(change)
}

// change tells two memberships apart.
type change struct {
	// joined are the shards that are available now, and were not.
	joined []string
	// left are the shards that are gone now, and were not.
	left []string
}

func newMembers(ringName string) *members {
	m := &members{}
	m.current.Store(plan.NewMembership(ringName, nil))
	return m
}

func (m *members) load() *plan.Membership { return m.current.Load() }

// publish makes the shards the current membership.
func (m *members) publish(ringName string, shards []lease.Shard) change {
	before, after := m.load(), plan.NewMembership(ringName, shards)
	m.current.Store(after)

	var c change
	names := before.Available()
	for _, shard := range after.Available() {
		if !slices.Contains(names, shard) {
			c.joined = append(c.joined, shard)
		}
	}
	for _, shard := range before.Known() {
		if !before.State(shard).Gone() && after.State(shard).Gone() {
			c.left = append(c.left, shard)
		}
	}
	for _, shard := range shards { // dead since before this sharder looked
		if shard.State == lease.Dead && before.State(shard.Name) == "" {
			c.left = append(c.left, shard.Name)
		}
	}
	if len(c.joined) > 0 || len(c.left) > 0 {
		for _, notify := range m.onChange {
			notify(c)
		}
	}
	return c
}
