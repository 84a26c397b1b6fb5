// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package metrics holds what the leading sharder of a ring measures.
package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

var (
	shardsGauge = prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "controller_sharding_shards",
		Help: "Number of shards of a ring by state, as the leading sharder sees them.",
	}, []string{"ring", "state"})
	assignments = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "controller_sharding_assignments_total",
		Help: "Number of unassigned objects that the sharder assigned.",
	}, []string{"ring"})
	drains = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "controller_sharding_drains_total",
		Help: "Number of objects that the sharder asked a shard to let go.",
	}, []string{"ring"})
	moves = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "controller_sharding_moves_total",
		Help: "Number of objects that the sharder moved from a shard that is gone.",
	}, []string{"ring"})
	fencedShards = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "controller_sharding_fenced_shards_total",
		Help: "Number of shards that lost their lease because they did not let an object go.",
	}, []string{"ring"})
	passDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "controller_sharding_pass_duration_seconds",
		Help:    "Duration of walks over assigned objects: sweep for those of a shard that left, check for all.",
		Buckets: prometheus.ExponentialBuckets(0.01, 2, 14),
	}, []string{"ring", "pass"})
)

func init() {
	metrics.Registry.MustRegister(shardsGauge, assignments, drains, moves, fencedShards, passDuration, unassignedObjects)
}

// Ring is the metrics of one ring. They exist as long as somebody leads it.
type Ring struct {
	ring     string
	byAction map[plan.Action]prometheus.Counter
	fenced   prometheus.Counter
}

// leaders counts those who lead each ring. In a process there may be more than one for a moment, between two terms.
var leaders = struct {
	sync.Mutex
	of map[string]int
}{of: map[string]int{}}

// Enter returns the metrics of the ring. They are to be left once.
func Enter(ring string) *Ring {
	leaders.Lock()
	defer leaders.Unlock()
	leaders.of[ring]++
	return &Ring{
		ring: ring,
		byAction: map[plan.Action]prometheus.Counter{
			plan.Assign: assignments.WithLabelValues(ring),
			plan.Drain:  drains.WithLabelValues(ring),
			plan.Move:   moves.WithLabelValues(ring),
		},
		fenced: fencedShards.WithLabelValues(ring),
	}
}

// Leave drops the metrics when the last one leaves.
func (m *Ring) Leave() {
	leaders.Lock()
	defer leaders.Unlock()
	if leaders.of[m.ring]--; leaders.of[m.ring] > 0 {
		return
	}
	delete(leaders.of, m.ring)
	ofRing := prometheus.Labels{"ring": m.ring}
	shardsGauge.DeletePartialMatch(ofRing)
	passDuration.DeletePartialMatch(ofRing)
	for _, counter := range []*prometheus.CounterVec{assignments, drains, moves, fencedShards} {
		counter.DeletePartialMatch(ofRing)
	}
}

// Count counts an object that was assigned, drained or moved.
func (m *Ring) Count(action plan.Action) { m.byAction[action].Inc() }

// CountFenced counts a shard that lost its lease because it did not let an object go.
func (m *Ring) CountFenced() { m.fenced.Inc() }

// SetMembership makes the states of the shards known.
func (m *Ring) SetMembership(membership *plan.Membership) {
	for _, state := range lease.States {
		shardsGauge.WithLabelValues(m.ring, string(state)).Set(float64(membership.Count(state)))
	}
}

// ObserveSweep notes how long it took to walk over the objects of a shard that left.
func (m *Ring) ObserveSweep(duration time.Duration) {
	passDuration.WithLabelValues(m.ring, "sweep").Observe(duration.Seconds())
}

// ObserveCheck notes how long it took to walk over all assigned objects.
func (m *Ring) ObserveCheck(duration time.Duration) {
	passDuration.WithLabelValues(m.ring, "check").Observe(duration.Seconds())
}

// ExposeUnassigned exposes the number of unassigned objects of a kind until the returned function is called.
func (m *Ring) ExposeUnassigned(kind schema.GroupVersionKind, count func() int) (hide func()) {
	return unassignedObjects.add(unassignedLabels{ring: m.ring, group: kind.Group, kind: kind.Kind}, count)
}
