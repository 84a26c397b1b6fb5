// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package membership

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

// absent is the state of a shard without a lease.
const absent lease.State = ""

func TestPublishTellsWhatOneShardDid(t *testing.T) {
	const (
		nothing = "nothing"
		joined  = "joined"
		left    = "left"
	)
	states := []lease.State{absent, lease.Ready, lease.Expired, lease.Uncertain, lease.Fenced, lease.Dead, lease.Orphaned}
	// In the order of the states: what a shard did that was in the state of the row and is in that of the column.
	table := map[lease.State][]string{
		//                absent   ready    expired  uncertain fenced  dead     orphaned
		absent:          {nothing, joined, joined, joined, nothing, left, nothing},
		lease.Ready:     {left, nothing, nothing, nothing, nothing, left, left},
		lease.Expired:   {left, nothing, nothing, nothing, nothing, left, left},
		lease.Uncertain: {left, nothing, nothing, nothing, nothing, left, left},
		lease.Fenced:    {left, joined, joined, joined, nothing, left, left},
		lease.Dead:      {nothing, joined, joined, joined, nothing, nothing, nothing},
		lease.Orphaned:  {nothing, joined, joined, joined, nothing, nothing, nothing},
	}
	for before, row := range table {
		for i, after := range states {
			t.Run(string(before)+" to "+string(after), func(t *testing.T) {
				g := NewWithT(t)
				m := newMembers("my-ring")
				m.publish(only(before))
				told := listen(t, m)
				*told = nil

				m.publish(only(after))
				switch row[i] {
				case joined:
					g.Expect(*told).To(HaveExactElements(Change{Joined: []string{"a"}}))
				case left:
					g.Expect(*told).To(HaveExactElements(Change{Left: []string{"a"}}))
				default:
					g.Expect(*told).To(BeEmpty())
				}
			})
		}
	}
}

func only(state lease.State) []lease.Shard {
	if state == absent {
		return nil
	}
	return []lease.Shard{{Name: "a", State: state}}
}

// listen collects what is told from now on.
func listen(t *testing.T, m *members) *[]Change {
	t.Helper()
	var told []Change
	t.Cleanup(m.follow(func(c Change) { told = append(told, c) }))
	return &told
}

func TestPublishTellsSeveralAtOnce(t *testing.T) {
	g := NewWithT(t)
	m := newMembers("my-ring")
	told := listen(t, m)
	m.publish(testring.Shards(map[string]lease.State{"a": lease.Ready, "b": lease.Expired, "c": lease.Dead, "d": lease.Fenced}))
	m.publish(testring.Shards(map[string]lease.State{"b": lease.Fenced, "c": lease.Ready, "d": lease.Dead, "e": lease.Ready}))
	g.Expect(*told).To(Equal([]Change{
		{Joined: []string{"a", "b"}, Left: []string{"c"}},
		{Joined: []string{"c", "e"}, Left: []string{"a", "d"}},
	}))
}

func TestPublishTellsWhenTheMembershipIsThere(t *testing.T) {
	g := NewWithT(t)
	m := newMembers("my-ring")
	g.Expect(m.load().Available()).To(BeEmpty(), "before anything is published there are no shards, but a membership")

	var seen [][]string
	for range 2 {
		t.Cleanup(m.follow(func(Change) { seen = append(seen, m.load().Available()) }))
	}
	m.publish(testring.Shards(testring.Ready("a", "b")))
	g.Expect(seen).To(Equal([][]string{{"a", "b"}, {"a", "b"}}))

	membership := m.load()
	m.publish(testring.Shards(testring.Ready("a", "b")))
	g.Expect(seen).To(HaveLen(2), "nothing has changed")
	g.Expect(m.load()).To(BeIdenticalTo(membership), "so what was decided on it stands")
}

func TestFollowersBeginWithWhatThereIs(t *testing.T) {
	g := NewWithT(t)
	m := newMembers("my-ring")
	m.publish(testring.Shards(map[string]lease.State{"a": lease.Ready, "b": lease.Dead}))
	var told []Change
	stop := m.follow(func(c Change) { told = append(told, c) })
	g.Expect(told).To(Equal([]Change{{Joined: []string{"a"}, Left: []string{"b"}}}))

	stop()
	m.publish(testring.Shards(testring.Ready("c")))
	g.Expect(told).To(HaveLen(1))
	g.Expect(m.followers).To(BeEmpty())
}

func TestPublishedMembershipIsThatOfTheRing(t *testing.T) {
	g := NewWithT(t)
	m := newMembers("my-ring")
	m.publish(testring.Shards(testring.Ready("a")))
	g.Expect(m.load().Plan(testring.AssignedTo("a"), "key")).To(Equal(plan.Decision{Action: plan.Nothing}))
	g.Expect(m.load().Plan(testring.AssignedTo("b"), "key")).To(Equal(plan.Decision{Action: plan.Move, Shard: "a"}))
}
