// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var (
	requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "controller_sharding_admission_requests_total",
		Help: "Number of admission requests by what became of the object. The ring is empty if there is none of the requested name.",
	}, []string{"ring", "outcome"})
	requestDuration = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "controller_sharding_admission_request_duration_seconds",
		Help:    "Duration of admission requests, from their headers to the answer.",
		Buckets: prometheus.ExponentialBuckets(10e-6, 4, 9), // 10 µs to 0.66 s
	}, []string{"ring"})
)

func init() {
	metrics.Registry.MustRegister(requests, requestDuration)
}

func observe(ring string, result outcome, duration time.Duration) {
	requests.WithLabelValues(ring, string(result)).Inc()
	requestDuration.WithLabelValues(ring).Observe(duration.Seconds())
}

// Forget removes the metrics of a ring that is no more.
func Forget(ring string) {
	requests.DeletePartialMatch(prometheus.Labels{"ring": ring})
	requestDuration.DeleteLabelValues(ring)
}
