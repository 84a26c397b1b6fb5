// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package plan decides what to do with an object, given the shards of its ring. It is the only place where that is
// decided: whatever drives the sharder (a watch, a sweep, an admission request) asks here.
//
// It performs nothing: a decision is carried out by the package sharder, with the resource version it was made on.
package plan

import (
	"maps"
	"slices"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

// Action is what to do with an object.
type Action string

const (
	// Nothing is to be done: the object is where it belongs, or somebody else has to act first.
	Nothing Action = "nothing"
	// Assign an unassigned object to a shard, clearing a stray drain label in the same write.
	Assign Action = "assign"
	// Drain an object: ask its live owner to let it go.
	Drain Action = "drain"
	// Move an object from a shard that is gone to another, clearing the drain label in the same write.
	Move Action = "move"
	// Wait with a controlled object: somebody has to act on its main object first.
	Wait Action = "wait"
)

// Decision is an action and, for Assign and Move, the shard that the object goes to.
type Decision struct {
	Action Action
	Shard  string
}

// Membership is the shards of one ring at one moment. It is immutable, so decisions may be made concurrently.
type Membership struct {
	labelShard, labelDrain string
	states                 map[string]lease.State
	ring                   *ring.Ring
}

// NewMembership returns the membership of the ring of the given name.
func NewMembership(ringName string, shards []lease.Shard) *Membership {
	m := &Membership{
		labelShard: shardingv1alpha1.LabelShard(ringName),
		labelDrain: shardingv1alpha1.LabelDrain(ringName),
		states:     make(map[string]lease.State, len(shards)),
	}
	var available []string
	for _, shard := range shards {
		m.states[shard.Name] = shard.State
		if shard.State.Available() {
			available = append(available, shard.Name)
		}
	}
	m.ring = ring.New(available...)
	return m
}

// Available returns the names of the shards that objects may be assigned to, sorted.
func (m *Membership) Available() []string { return m.ring.Shards() }

// Known returns the names of all shards that have a state, in no particular order.
func (m *Membership) Known() []string { return slices.Collect(maps.Keys(m.states)) }

// State returns the state of a shard. It is zero for a shard without a lease.
func (m *Membership) State(shard string) lease.State { return m.states[shard] }

// Count returns how many shards are in the given state.
func (m *Membership) Count(state lease.State) int {
	count := 0
	for _, s := range m.states {
		if s == state {
			count++
		}
	}
	return count
}

// Plan decides on the object with the given labels and key (see package key).
func (m *Membership) Plan(labels map[string]string, key string) Decision {
	current, assigned := labels[m.labelShard]
	state := m.states[current]
	if assigned && state == lease.Fenced {
		return Decision{Action: Nothing}
	}

	wanted := m.ring.Lookup(key)
	switch {
	case wanted == "" || assigned && current == wanted:
		return Decision{Action: Nothing}
	case !assigned:
		return Decision{Action: Assign, Shard: wanted}
	case !state.Available():
		return Decision{Action: Move, Shard: wanted}
	}
	if _, draining := labels[m.labelDrain]; draining {
		return Decision{Action: Nothing}
	}
	return Decision{Action: Drain}
}
