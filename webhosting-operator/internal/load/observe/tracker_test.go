// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package observe_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/observe"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func at(seconds float64) time.Time { return start.Add(time.Duration(seconds * float64(time.Second))) }

type times map[result.Measure][]float64

func newTracker() (*observe.Tracker, times) {
	took := times{}
	return observe.NewTracker(func(measure result.Measure, seconds float64) { took[measure] = append(took[measure], seconds) }), took
}

func TestACreationIsFollowedUntilReady(t *testing.T) {
	g := NewWithT(t)
	tracker, took := newTracker()
	tracker.Expect(observe.Change{Key: "a/b", Generation: 1, Sent: at(0)})
	tracker.Observe(observe.Site{Key: "a/b", Generation: 1}, at(0.5))
	tracker.Observe(observe.Site{Key: "a/b", Generation: 1, Shard: "s"}, at(1.5))
	g.Expect(took).To(Equal(times{"unassigned": {1}}))
	g.Expect(tracker.Unfinished()).To(Equal(map[result.Measure]int{
		"changeToReady": 1, "createToReady": 1, "changeToHandled": 1, "assignedToReconciled": 1, "unassigned": 0,
	}))

	tracker.Observe(observe.Site{Key: "a/b", Generation: 1, Observed: 1, Shard: "s"}, at(3))
	g.Expect(took).To(Equal(times{"unassigned": {1}, "assignedToReconciled": {1.5}, "changeToHandled": {3}}))
	tracker.Observe(observe.Site{Key: "a/b", Generation: 1, Observed: 1, Ready: true, Shard: "s"}, at(4))
	g.Expect(took).To(Equal(times{
		"unassigned": {1}, "assignedToReconciled": {1.5}, "changeToHandled": {3}, "changeToReady": {4}, "createToReady": {4},
	}))
	for measure, count := range tracker.Unfinished() {
		g.Expect(count).To(BeZero(), measure)
	}
}

func TestTheWatchMayBeFasterThanTheAnswer(t *testing.T) {
	g := NewWithT(t)
	tracker, took := newTracker()
	tracker.Observe(observe.Site{Key: "a/b", Generation: 1, Observed: 1, Ready: true}, at(2))
	tracker.Observe(observe.Site{Key: "a/b", Generation: 1, Observed: 1, Ready: true}, at(5))
	tracker.Expect(observe.Change{Key: "a/b", Generation: 1, Sent: at(1)})
	g.Expect(took).To(HaveKeyWithValue(result.ChangeToReady, []float64{1}), "when it was first seen counts")
	g.Expect(took).To(HaveKeyWithValue(result.ChangeToHandled, []float64{1}))
}

func TestALaterGenerationCountsForTheChangesBefore(t *testing.T) {
	g := NewWithT(t)
	tracker, took := newTracker()
	tracker.Expect(observe.Change{Key: "a/b", Generation: 2, Sent: at(0)})
	tracker.Expect(observe.Change{Key: "a/b", Generation: 3, Sent: at(1)})
	tracker.Observe(observe.Site{Key: "a/b", Generation: 3, Observed: 2}, at(2))
	tracker.Observe(observe.Site{Key: "a/b", Generation: 3, Observed: 3, Ready: true}, at(4))
	g.Expect(took).To(Equal(times{"changeToHandled": {2, 3}, "changeToReady": {4, 3}}))
}

func TestReadyForAnEarlierGenerationIsNotReady(t *testing.T) {
	g := NewWithT(t)
	tracker, took := newTracker()
	tracker.Expect(observe.Change{Key: "a/b", Generation: 2, Sent: at(0)})
	tracker.Observe(observe.Site{Key: "a/b", Generation: 2, Observed: 1, Ready: true}, at(1))
	g.Expect(took).To(BeEmpty())
	_, ready := tracker.Websites()
	g.Expect(ready).To(BeZero())
	g.Expect(tracker.Unfinished()).To(HaveKeyWithValue(result.ChangeToReady, 1))
}

func TestWebsitesWithoutAShardAreTimedEachTime(t *testing.T) {
	g := NewWithT(t)
	tracker, took := newTracker()
	tracker.Observe(observe.Site{Key: "a/b", Shard: "s"}, at(0))
	tracker.Observe(observe.Site{Key: "a/b"}, at(1))
	g.Expect(tracker.Unfinished()).To(HaveKeyWithValue(result.Unassigned, 1))
	tracker.Observe(observe.Site{Key: "a/b"}, at(2))
	tracker.Observe(observe.Site{Key: "a/b", Shard: "t"}, at(3))
	tracker.Observe(observe.Site{Key: "a/b", Shard: "s"}, at(4)) // moved in one write
	g.Expect(took).To(Equal(times{"unassigned": {0, 2}}))
}

func TestWithoutShardingNothingIsUnassigned(t *testing.T) {
	g := NewWithT(t)
	tracker, took := newTracker()
	tracker.Observe(observe.Site{Key: "a/b", Generation: 1}, at(0))
	tracker.Observe(observe.Site{Key: "a/b", Generation: 1, Observed: 1, Ready: true}, at(1))
	g.Expect(took).To(BeEmpty())
	g.Expect(tracker.Unfinished()).To(HaveKeyWithValue(result.Unassigned, 0))
}

func TestWebsitesAreCounted(t *testing.T) {
	g := NewWithT(t)
	tracker, _ := newTracker()
	tracker.Observe(observe.Site{Key: "a/1", Generation: 1}, at(0))
	tracker.Observe(observe.Site{Key: "a/2", Generation: 1, Observed: 1, Ready: true, Shard: "s"}, at(0))
	tracker.Observe(observe.Site{Key: "a/3", Generation: 1, Observed: 1, Ready: true, Shard: "t"}, at(0))
	byShard, ready := tracker.Websites()
	g.Expect(byShard).To(Equal(map[string]int{"": 1, "s": 1, "t": 1}))
	g.Expect(ready).To(Equal(2))

	tracker.Observe(observe.Site{Key: "a/1", Generation: 1, Shard: "s"}, at(1))
	tracker.Observe(observe.Site{Key: "a/2", Generation: 2, Observed: 1, Ready: true, Shard: "s"}, at(1))
	tracker.Forget("a/3")
	tracker.Forget("a/4")
	byShard, ready = tracker.Websites()
	g.Expect(byShard).To(Equal(map[string]int{"s": 2, "t": 0}))
	g.Expect(ready).To(BeZero())
}

func TestNobodyWaitsForWhatIsGone(t *testing.T) {
	g := NewWithT(t)
	tracker, took := newTracker()
	tracker.Expect(observe.Change{Key: "a/b", Generation: 1, Sent: at(0)})
	tracker.Observe(observe.Site{Key: "a/b", Generation: 1, Shard: "s"}, at(1))
	tracker.Forget("a/b")
	g.Expect(took).NotTo(HaveKey(result.ChangeToReady))
	for measure, count := range tracker.Unfinished() {
		g.Expect(count).To(BeZero(), measure)
	}
}
