// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"fmt"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

const (
	labelShard = "shard.alpha.sharding.timebertt.dev/cats"
	labelDrain = "drain.alpha.sharding.timebertt.dev/cats"
	key        = "example.com/Cat/default/felix"
)

func membership(states map[string]lease.State) *plan.Membership {
	var shards []lease.Shard
	for name, state := range states {
		shards = append(shards, lease.Shard{Name: name, State: state})
	}
	return plan.NewMembership("cats", shards)
}

// TestDecisionTable has a case for every row of the table in the design. Where the wanted shard matters, the ring has
// one available shard besides the current one at most, so that no hash has to be known.
func TestDecisionTable(t *testing.T) {
	owner, other := wanted(t)
	for name, test := range map[string]struct {
		labels map[string]string
		shards map[string]lease.State
		want   plan.Decision
	}{
		"unassigned": {
			shards: map[string]lease.State{"a": lease.Ready},
			want:   plan.Decision{Action: plan.Assign, Shard: "a"},
		},
		"unassigned with a stray drain label": {
			labels: map[string]string{labelDrain: "true"},
			shards: map[string]lease.State{"a": lease.Ready},
			want:   plan.Decision{Action: plan.Assign, Shard: "a"},
		},
		"unassigned, and nobody available": {
			shards: map[string]lease.State{"a": lease.Dead},
			want:   plan.Decision{Action: plan.Nothing},
		},
		"unassigned, and an empty ring": {
			want: plan.Decision{Action: plan.Nothing},
		},
		"where it belongs": {
			labels: map[string]string{labelShard: owner},
			shards: map[string]lease.State{owner: lease.Ready, other: lease.Ready},
			want:   plan.Decision{Action: plan.Nothing},
		},
		"where it belongs, on an expired shard": {
			labels: map[string]string{labelShard: owner},
			shards: map[string]lease.State{owner: lease.Expired, other: lease.Ready},
			want:   plan.Decision{Action: plan.Nothing},
		},
		"where it belongs, on an uncertain shard": {
			labels: map[string]string{labelShard: owner},
			shards: map[string]lease.State{owner: lease.Uncertain, other: lease.Ready},
			want:   plan.Decision{Action: plan.Nothing},
		},
		"where it belongs, draining": {
			labels: map[string]string{labelShard: owner, labelDrain: "true"},
			shards: map[string]lease.State{owner: lease.Ready, other: lease.Ready},
			want:   plan.Decision{Action: plan.Nothing},
		},
		"on another shard": {
			labels: map[string]string{labelShard: other},
			shards: map[string]lease.State{owner: lease.Ready, other: lease.Ready},
			want:   plan.Decision{Action: plan.Drain},
		},
		"on another shard, draining": {
			labels: map[string]string{labelShard: other, labelDrain: "true"},
			shards: map[string]lease.State{owner: lease.Ready, other: lease.Ready},
			want:   plan.Decision{Action: plan.Nothing},
		},
		"on another shard, draining with an empty value": {
			labels: map[string]string{labelShard: other, labelDrain: ""},
			shards: map[string]lease.State{owner: lease.Ready, other: lease.Ready},
			want:   plan.Decision{Action: plan.Nothing},
		},
		"on a dead shard": {
			labels: map[string]string{labelShard: "a"},
			shards: map[string]lease.State{"a": lease.Dead, "b": lease.Ready},
			want:   plan.Decision{Action: plan.Move, Shard: "b"},
		},
		"on a dead shard, draining": {
			labels: map[string]string{labelShard: "a", labelDrain: "true"},
			shards: map[string]lease.State{"a": lease.Dead, "b": lease.Ready},
			want:   plan.Decision{Action: plan.Move, Shard: "b"},
		},
		"on an orphaned shard": {
			labels: map[string]string{labelShard: "a"},
			shards: map[string]lease.State{"a": lease.Orphaned, "b": lease.Ready},
			want:   plan.Decision{Action: plan.Move, Shard: "b"},
		},
		"on a shard without a lease": {
			labels: map[string]string{labelShard: "a"},
			shards: map[string]lease.State{"b": lease.Ready},
			want:   plan.Decision{Action: plan.Move, Shard: "b"},
		},
		"with an empty shard label": {
			labels: map[string]string{labelShard: ""},
			shards: map[string]lease.State{"b": lease.Ready},
			want:   plan.Decision{Action: plan.Move, Shard: "b"},
		},
		"on a dead shard, and nobody available": {
			labels: map[string]string{labelShard: "a"},
			shards: map[string]lease.State{"a": lease.Dead},
			want:   plan.Decision{Action: plan.Nothing},
		},
		"on a fenced shard": {
			labels: map[string]string{labelShard: "a"},
			shards: map[string]lease.State{"a": lease.Fenced, "b": lease.Ready},
			want:   plan.Decision{Action: plan.Nothing},
		},
		"on a fenced shard, draining": {
			labels: map[string]string{labelShard: "a", labelDrain: "true"},
			shards: map[string]lease.State{"a": lease.Fenced, "b": lease.Ready},
			want:   plan.Decision{Action: plan.Nothing},
		},
		"labels of another ring": {
			labels: map[string]string{"shard.alpha.sharding.timebertt.dev/dogs": "a"},
			shards: map[string]lease.State{"a": lease.Ready},
			want:   plan.Decision{Action: plan.Assign, Shard: "a"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(membership(test.shards).Plan(test.labels, key)).To(Equal(test.want))
		})
	}
}

// wanted returns which of two available shards the key belongs to, and the other one.
func wanted(t *testing.T) (owner, other string) {
	t.Helper()
	decision := membership(map[string]lease.State{"a": lease.Ready, "b": lease.Ready}).Plan(nil, key)
	if decision.Shard == "a" {
		return "a", "b"
	}
	return "b", "a"
}

func TestMembership(t *testing.T) {
	g := NewWithT(t)
	m := membership(map[string]lease.State{"c": lease.Ready, "a": lease.Uncertain, "b": lease.Dead, "d": lease.Fenced})
	g.Expect(m.Available()).To(Equal([]string{"a", "c"}))
	g.Expect(m.State("b")).To(Equal(lease.Dead))
	g.Expect(m.State("nobody")).To(BeZero())
	g.Expect(m.Count(lease.Ready)).To(Equal(1))
	g.Expect(m.Count(lease.Orphaned)).To(BeZero())
}

// BenchmarkPlan decides on an object that is where it belongs, the common case of a rebalancing pass.
//
//	go test -run - -bench Plan ./sharding/plan
func BenchmarkPlan(b *testing.B) {
	for _, shards := range []int{3, 10, 100} {
		states := map[string]lease.State{}
		for i := range shards {
			states[fmt.Sprintf("shard-%d", i)] = lease.Ready
		}
		m := membership(states)
		labels := map[string]string{labelShard: m.Plan(nil, key).Shard, "app": "felix"}
		b.Run(fmt.Sprintf("shards=%d", shards), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if m.Plan(labels, key).Action != plan.Nothing {
					b.Fatal("the object must be where it belongs")
				}
			}
		})
	}
}
