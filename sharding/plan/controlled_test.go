// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package plan_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// TestControlledTable has a case for each combination of what counts: where the main object is, in which state its shard
// is, whether it drains, and where the controlled object is.
func TestControlledTable(t *testing.T) {
	at := func(shard string) map[string]string { return map[string]string{labelShard: shard} }
	drainingAt := func(shard string) map[string]string {
		return map[string]string{labelShard: shard, labelDrain: "true"}
	}
	states := map[string]lease.State{
		"a": lease.Ready, "b": lease.Ready, "expired": lease.Expired, "uncertain": lease.Uncertain, "fenced": lease.Fenced, "dead": lease.Dead,
	}
	nothing, wait := plan.Decision{Action: plan.Nothing}, plan.Decision{Action: plan.Wait}

	for name, test := range map[string]struct {
		main, controlled map[string]string
		want             plan.Decision
	}{
		"neither is assigned":                                   {want: wait},
		"the main object is not assigned":                       {controlled: at("a"), want: wait},
		"the main object is stray and draining":                 {main: map[string]string{labelDrain: "true"}, want: wait},
		"new":                                                   {main: at("a"), want: plan.Decision{Action: plan.Assign, Shard: "a"}},
		"new with a stray drain label":                          {main: at("a"), controlled: map[string]string{labelDrain: ""}, want: plan.Decision{Action: plan.Assign, Shard: "a"}},
		"new at an expired shard":                               {main: at("expired"), want: plan.Decision{Action: plan.Assign, Shard: "expired"}},
		"new at an uncertain shard":                             {main: at("uncertain"), want: plan.Decision{Action: plan.Assign, Shard: "uncertain"}},
		"new, and the main object is draining":                  {main: drainingAt("a"), want: wait},
		"new at a fenced shard":                                 {main: at("fenced"), want: wait},
		"new at a dead shard":                                   {main: at("dead"), want: wait},
		"new at a shard without a lease":                        {main: at("unknown"), want: wait},
		"where its main object is":                              {main: at("a"), controlled: at("a"), want: nothing},
		"where its main object is, which drains":                {main: drainingAt("a"), controlled: at("a"), want: nothing},
		"where its main object is, at a dead shard":             {main: at("dead"), controlled: at("dead"), want: nothing},
		"elsewhere":                                             {main: at("b"), controlled: at("a"), want: plan.Decision{Action: plan.Move, Shard: "b"}},
		"elsewhere, draining":                                   {main: at("b"), controlled: drainingAt("a"), want: plan.Decision{Action: plan.Move, Shard: "b"}},
		"elsewhere, at a dead shard":                            {main: at("b"), controlled: at("dead"), want: plan.Decision{Action: plan.Move, Shard: "b"}},
		"elsewhere, at a fenced shard":                          {main: at("b"), controlled: at("fenced"), want: plan.Decision{Action: plan.Move, Shard: "b"}},
		"elsewhere, and the main object drains":                 {main: drainingAt("b"), controlled: at("a"), want: wait},
		"elsewhere, and the main object's is dead":              {main: at("dead"), controlled: at("a"), want: wait},
		"elsewhere, and the main object's is alive, but fenced": {main: at("fenced"), controlled: at("a"), want: wait},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(membership(states).PlanControlled(test.controlled, test.main)).To(Equal(test.want))
		})
	}
}

func TestAtHome(t *testing.T) {
	g := NewWithT(t)
	m := membership(map[string]lease.State{"a": lease.Ready, "dead": lease.Dead})
	g.Expect(m.AtHome(map[string]string{labelShard: "a"}, key)).To(BeTrue())
	g.Expect(m.AtHome(map[string]string{labelShard: "dead"}, key)).To(BeFalse())
	g.Expect(m.AtHome(nil, key)).To(BeFalse())
	g.Expect(membership(nil).AtHome(map[string]string{labelShard: ""}, key)).To(BeTrue(), "nowhere is the right place where there are no shards")
}
