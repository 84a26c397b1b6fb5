// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/ledger"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

// buckets are in seconds. The objectives, 1 s and 5 s, are among them.
var buckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}

// Metrics are what is measured, for Prometheus.
type Metrics struct {
	registry   *prometheus.Registry
	promised   *prometheus.CounterVec
	operations *prometheus.CounterVec
	latencies  *prometheus.HistogramVec
	websites   *prometheus.GaugeVec
	ready      prometheus.Gauge
	phase      *prometheus.GaugeVec

	last map[result.Operation]ledger.Counts
}

// NewMetrics returns the metrics of a run of a scenario against a set-up.
func NewMetrics(scenario, setup string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		promised: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "experiment_operations_promised_total", Help: "How often operations were due.",
		}, []string{"operation"}),
		operations: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "experiment_operations_total", Help: "What became of operations that were due: achieved, late or failed.",
		}, []string{"operation", "outcome"}),
		latencies: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "experiment_latency_seconds", Help: "How long it took, seen from outside.", Buckets: buckets,
		}, []string{"measure"}),
		websites: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "experiment_websites", Help: "Websites by shard. Those without a shard have the empty label.",
		}, []string{"shard"}),
		ready: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "experiment_websites_ready", Help: "Websites that are Ready for their generation.",
		}),
		phase: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "experiment_phase", Help: "1 for the phase that the run is in.", ConstLabels: prometheus.Labels{"scenario": scenario, "setup": setup},
		}, []string{"phase"}),
	}
	m.registry.MustRegister(m.promised, m.operations, m.latencies, m.websites, m.ready, m.phase)
	return m
}

func (m *Metrics) took(measure result.Measure, seconds float64) {
	m.latencies.WithLabelValues(string(measure)).Observe(seconds)
}

// Enter takes in that another phase begins.
func (m *Metrics) Enter(phase string) {
	m.phase.Reset()
	m.phase.WithLabelValues(phase).Set(1)
}

// Add takes in how things stand.
func (m *Metrics) Add(sample Sample) {
	for _, operation := range ledger.Operations {
		c, before := sample.Counts[operation], m.last[operation]
		m.promised.WithLabelValues(string(operation)).Add(float64(c.Promised - before.Promised))
		for outcome, count := range map[string]int{
			"achieved": c.Achieved - before.Achieved, "late": c.Late - before.Late, "failed": c.Failed - before.Failed,
		} {
			m.operations.WithLabelValues(string(operation), outcome).Add(float64(count))
		}
	}
	m.last = sample.Counts
	if _, some := sample.ByShard[""]; !some {
		m.websites.WithLabelValues("").Set(0)
	}
	for shard, count := range sample.ByShard {
		m.websites.WithLabelValues(shard).Set(float64(count))
	}
	m.ready.Set(float64(sample.Ready))
}

// Serve serves the metrics at the path /metrics of the address until the context ends. It returns as soon as it does.
func (m *Metrics) Serve(ctx context.Context, address string) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("serving metrics: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle("/metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // it ends when it is closed
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return nil
}
