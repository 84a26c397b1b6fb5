// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var acknowledgedDrains = prometheus.NewCounterVec(prometheus.CounterOpts{
	Name: "controller_sharding_acknowledged_drains_total",
	Help: "Number of objects that this shard let go because the sharder drained them.",
}, []string{"ring"})

func init() {
	metrics.Registry.MustRegister(acknowledgedDrains)
}
