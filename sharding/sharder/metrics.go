// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"fmt"
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
	metrics.Registry.MustRegister(shardsGauge, assignments, drains, moves, fencedShards, passDuration)
}

// ringMetrics are the metrics of one ring.
type ringMetrics struct {
	ring     string
	byAction map[plan.Action]prometheus.Counter
	fenced   prometheus.Counter
}

func newRingMetrics(ring string) ringMetrics {
	return ringMetrics{
		ring: ring,
		byAction: map[plan.Action]prometheus.Counter{
			plan.Assign: assignments.WithLabelValues(ring),
			plan.Drain:  drains.WithLabelValues(ring),
			plan.Move:   moves.WithLabelValues(ring),
		},
		fenced: fencedShards.WithLabelValues(ring),
	}
}

func (m ringMetrics) count(action plan.Action) { m.byAction[action].Inc() }

func (m ringMetrics) setMembership(membership *plan.Membership) {
	for _, state := range lease.States {
		shardsGauge.WithLabelValues(m.ring, string(state)).Set(float64(membership.Count(state)))
	}
}

func (m ringMetrics) walked(p pass, duration time.Duration) {
	kind := "sweep"
	if p.shard == "" {
		kind = "check"
	}
	passDuration.WithLabelValues(m.ring, kind).Observe(duration.Seconds())
}

// resign drops what only the leader knows.
func (m ringMetrics) resign() {
	shardsGauge.DeletePartialMatch(prometheus.Labels{"ring": m.ring})
}

// exposeUnassigned exposes the number of unassigned objects of a kind until the returned function is called.
func (m ringMetrics) exposeUnassigned(kind schema.GroupVersionKind, count func() int) (hide func(), err error) {
	gauge := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "controller_sharding_unassigned_objects",
		Help:        "Number of objects without a shard, as the leading sharder sees them.",
		ConstLabels: prometheus.Labels{"ring": m.ring, "group": kind.Group, "kind": kind.Kind},
	}, func() float64 { return float64(count()) })
	if err := metrics.Registry.Register(gauge); err != nil {
		return nil, fmt.Errorf("registering the metric of unassigned objects: %w", err)
	}
	return func() { metrics.Registry.Unregister(gauge) }, nil
}
