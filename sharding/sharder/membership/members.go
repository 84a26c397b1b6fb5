// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package membership

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
	followers map[*func(Change)]struct{}
}

// Change tells two memberships apart.
type Change struct {
	// Joined are the shards that are available now, and were not.
	Joined []string
	// Left are the shards that are gone now, and were not.
	Left []string
}

func newMembers(ring string) *members {
	m := &members{ring: ring, followers: map[*func(Change)]struct{}{}}
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

// follow does what Shards.Follow says.
func (m *members) follow(changed func(Change)) (stop func()) {
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

func (c Change) empty() bool { return len(c.Joined) == 0 && len(c.Left) == 0 }

func changeBetween(before, after *plan.Membership) Change {
	var c Change
	available := before.Available()
	for _, shard := range after.Available() {
		if !slices.Contains(available, shard) {
			c.Joined = append(c.Joined, shard)
		}
	}
	for _, shard := range before.Known() {
		if !before.State(shard).Gone() && after.State(shard).Gone() {
			c.Left = append(c.Left, shard)
		}
	}
	for _, shard := range after.Known() { // dead since before anybody looked
		if after.State(shard) == lease.Dead && before.State(shard) == "" {
			c.Left = append(c.Left, shard)
		}
	}
	slices.Sort(c.Left)
	return c
}
