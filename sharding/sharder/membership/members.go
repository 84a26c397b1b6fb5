// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// members holds the current membership of a ring for everybody who decides on objects. Reading it is free.
type members struct {
	ring    string
	current atomic.Pointer[plan.Membership]

	mu        sync.Mutex // one publication at a time
	shards    []lease.Shard
	followers map[*func(change)]struct{}
}

// change tells two memberships apart.
type change struct {
	// joined are the shards that are available now, and were not.
	joined []string
	// left are the shards that are gone now, and were not.
	left []string
}

func newMembers(ring string) *members {
	m := &members{ring: ring, followers: map[*func(change)]struct{}{}}
	m.current.Store(plan.NewMembership(ring, nil))
	return m
}

func (m *members) load() *plan.Membership { return m.current.Load() }

// publish makes the shards the current membership, and tells the followers if somebody joined or left. The membership is
// the same one as before if no state changed.
func (m *members) publish(shards []lease.Shard) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if slices.EqualFunc(m.shards, shards, func(a, b lease.Shard) bool { return a.Name == b.Name && a.State == b.State }) {
		return
	}
	before, after := m.load(), plan.NewMembership(m.ring, shards)
	m.shards = shards
	m.current.Store(after)

	if c := changeBetween(before, after); !c.empty() {
		for follower := range m.followers {
			(*follower)(c)
		}
	}
}

// follow calls the function at once with the change that led from an unknown ring to the current membership, and again
// after each change, until stop is called. The function must not block.
func (m *members) follow(changed func(change)) (stop func()) {
	follower := &changed
	m.mu.Lock()
	defer m.mu.Unlock()
	m.followers[follower] = struct{}{}
	if c := changeBetween(plan.NewMembership(m.ring, nil), m.load()); !c.empty() {
		changed(c)
	}
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.followers, follower)
	}
}

func (c change) empty() bool { return len(c.joined) == 0 && len(c.left) == 0 }

func changeBetween(before, after *plan.Membership) change {
	var c change
	available := before.Available()
	for _, shard := range after.Available() {
		if !slices.Contains(available, shard) {
			c.joined = append(c.joined, shard)
		}
	}
	for _, shard := range before.Known() {
		if !before.State(shard).Gone() && after.State(shard).Gone() {
			c.left = append(c.left, shard)
		}
	}
	for _, shard := range after.Known() { // dead since before anybody looked
		if after.State(shard) == lease.Dead && before.State(shard) == "" {
			c.left = append(c.left, shard)
		}
	}
	slices.Sort(c.left)
	return c
}
