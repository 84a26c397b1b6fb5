// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var ready = prometheus.NewGaugeVec(prometheus.GaugeOpts{
	Name: "controller_sharding_ring_ready",
	Help: "Whether all of a ring is sharded (1) or something is in the way (0), as the leading sharder sees it.",
}, []string{"ring"})

func init() { metrics.Registry.MustRegister(ready) }

func exposeReady(ring string, isReady bool) {
	value := 0.0
	if isReady {
		value = 1
	}
	ready.WithLabelValues(ring).Set(value)
}

func hideReady(ring string) { ready.DeleteLabelValues(ring) }
