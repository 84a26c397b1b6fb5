// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// unassignedObjects counts when it is asked, so an idle ring does nothing for it.
var unassignedObjects = &unassignedCollector{
	description: prometheus.NewDesc("controller_sharding_unassigned_objects",
		"Number of objects without a shard, as the leading sharder sees them.", []string{"ring", "group", "kind"}, nil),
	counts: map[unassignedLabels]map[*func() int]struct{}{},
}

// unassignedCollector is one metric for the rings of all sharders in a process.
type unassignedCollector struct {
	description *prometheus.Desc

	mu     sync.Mutex
	counts map[unassignedLabels]map[*func() int]struct{}
}

type unassignedLabels struct{ ring, group, kind string }

// add exposes what the function counts, until remove is called. Of several who count the same, the highest is exposed.
func (c *unassignedCollector) add(labels unassignedLabels, count func() int) (remove func()) {
	counter := &count
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts[labels] == nil {
		c.counts[labels] = map[*func() int]struct{}{}
	}
	c.counts[labels][counter] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if delete(c.counts[labels], counter); len(c.counts[labels]) == 0 {
			delete(c.counts, labels)
		}
	}
}

// Describe is part of prometheus.Collector.
func (c *unassignedCollector) Describe(descriptions chan<- *prometheus.Desc) {
	descriptions <- c.description
}

// Collect is part of prometheus.Collector.
func (c *unassignedCollector) Collect(metrics chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for labels, counters := range c.counts {
		highest := 0
		for count := range counters {
			highest = max(highest, (*count)())
		}
		metrics <- prometheus.MustNewConstMetric(c.description, prometheus.GaugeValue, float64(highest), labels.ring, labels.group, labels.kind)
	}
}
