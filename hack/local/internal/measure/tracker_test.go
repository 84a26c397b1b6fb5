// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

var start = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

func TestFlapped(t *testing.T) {
	site := func(generation, observed int64, phase string) Site {
		return Site{Key: "p/a", Generation: generation, Observed: observed, Phase: phase}
	}
	for name, test := range map[string]struct {
		events  []Site
		flapped bool
	}{
		"never ready":         {events: []Site{site(1, 0, ""), site(1, 1, "Pending"), site(1, 1, "Error")}},
		"ready and stays":     {events: []Site{site(1, 1, "Pending"), site(1, 1, "Ready"), site(1, 1, "Ready")}},
		"moves while ready":   {events: []Site{site(1, 1, "Ready"), {Key: "p/a", Generation: 1, Observed: 1, Phase: "Ready", Shard: "b"}}},
		"rolls out a change":  {events: []Site{site(1, 1, "Ready"), site(2, 1, "Ready"), site(2, 2, "Pending"), site(2, 2, "Ready")}},
		"is deleted":          {events: []Site{site(1, 1, "Ready"), site(1, 1, "Terminating")}},
		"fails for no reason": {events: []Site{site(1, 1, "Ready"), site(1, 1, "Error")}, flapped: true},
		"fails after a change it was ready for": {
			events: []Site{site(1, 1, "Ready"), site(2, 2, "Pending"), site(2, 2, "Ready"), site(2, 2, "Pending")}, flapped: true,
		},
		"fails and recovers": {events: []Site{site(1, 1, "Ready"), site(1, 1, "Error"), site(1, 1, "Ready")}, flapped: true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			tracker := NewTracker()
			for i, event := range test.events {
				tracker.Observe(event, at(float64(i)))
			}
			if test.flapped {
				g.Expect(tracker.Flapped()).To(HaveExactElements("p/a"))
			} else {
				g.Expect(tracker.Flapped()).To(BeEmpty())
			}
			tracker.Reset()
			g.Expect(tracker.Flapped()).To(BeEmpty())
		})
	}
}

func TestChanges(t *testing.T) {
	g := NewWithT(t)
	tracker := NewTracker()
	tracker.Observe(Site{Key: "p/a", Generation: 1, Observed: 1, Phase: "Ready"}, at(0))
	tracker.Observe(Site{Key: "p/b", Generation: 1, Observed: 1, Phase: "Ready"}, at(0))

	tracker.Expect(Change{Key: "p/a", Generation: 2, Sent: at(1)})
	tracker.Observe(Site{Key: "p/a", Generation: 2, Observed: 1, Phase: "Ready"}, at(1.5))
	tracker.Observe(Site{Key: "p/a", Generation: 2, Observed: 2, Phase: "Pending"}, at(2))
	tracker.Observe(Site{Key: "p/a", Generation: 2, Observed: 2, Phase: "Ready"}, at(3))
	// The watch is faster than the answer to the request; and one change is overtaken by the next.
	tracker.Observe(Site{Key: "p/b", Generation: 3, Observed: 3, Phase: "Ready"}, at(4))
	tracker.Expect(Change{Key: "p/b", Generation: 2, Sent: at(3)})
	tracker.Expect(Change{Key: "p/b", Generation: 3, Sent: at(3.5)})
	tracker.Expect(Change{Key: "p/b", Generation: 4, Sent: at(5)})

	g.Expect(tracker.Changes()).To(HaveExactElements(
		Change{Key: "p/a", Generation: 2, Sent: at(1), Handled: at(2), Ready: at(3)},
		Change{Key: "p/b", Generation: 2, Sent: at(3), Handled: at(4), Ready: at(4)},
		Change{Key: "p/b", Generation: 3, Sent: at(3.5), Handled: at(4), Ready: at(4)},
		Change{Key: "p/b", Generation: 4, Sent: at(5)},
	))
}

func TestGoal(t *testing.T) {
	g := NewWithT(t)
	tracker := NewTracker()
	tracker.Observe(Site{Key: "p/a", Shard: "old"}, at(0))
	goal := tracker.Watch([]string{"p/a", "p/b"}, false, at(1), placed(map[string]string{"p/a": "new", "p/b": "new"}))
	defer goal.Close()
	expect := func(reached time.Time, open int) {
		t.Helper()
		when, left := goal.State()
		g.Expect(when).To(Equal(reached))
		g.Expect(left).To(Equal(open))
	}

	expect(time.Time{}, 2)
	tracker.Observe(Site{Key: "p/b", Shard: "new"}, at(2))
	tracker.Observe(Site{Key: "p/a", Shard: "old", Draining: true}, at(3))
	tracker.Observe(Site{Key: "p/a"}, at(4))
	expect(time.Time{}, 1)
	tracker.Observe(Site{Key: "p/a", Shard: "new"}, at(5))
	expect(at(5), 0)
	tracker.Observe(Site{Key: "p/a", Shard: "new", Phase: "Ready"}, at(6))
	expect(at(5), 0)
	tracker.Observe(Site{Key: "p/b", Shard: "new", Draining: true}, at(7))
	expect(time.Time{}, 1)
	tracker.Observe(Site{Key: "p/b", Shard: "new"}, at(8))
	expect(at(8), 0)
	tracker.Forget("p/b", at(9))
	expect(time.Time{}, 1)
}

func TestGoalThatSticks(t *testing.T) {
	g := NewWithT(t)
	tracker := NewTracker()
	goal := tracker.Watch([]string{"p/a", "p/b"}, true, at(1), Site.ready)
	defer goal.Close()
	tracker.Observe(Site{Key: "p/a", Generation: 1, Observed: 1, Phase: "Ready"}, at(2))
	tracker.Observe(Site{Key: "p/a", Generation: 2, Observed: 1, Phase: "Ready"}, at(3))
	tracker.Observe(Site{Key: "p/b", Generation: 1, Observed: 1, Phase: "Ready"}, at(4))
	reached, open := goal.State()
	g.Expect(reached).To(Equal(at(4)))
	g.Expect(open).To(BeZero())
}

func TestGoalThatIsReachedAlready(t *testing.T) {
	g := NewWithT(t)
	tracker := NewTracker()
	tracker.Observe(Site{Key: "p/a", Generation: 1, Observed: 1, Phase: "Ready"}, at(0))
	goal := tracker.Watch([]string{"p/a"}, false, at(1), Site.ready)
	defer goal.Close()
	reached, _ := goal.State()
	g.Expect(reached).To(Equal(at(1)))
}
