// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cost_test

import (
	"context"
	"net/http"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// figure is something that an operator takes.
type figure string

const (
	writes      figure = "writes"
	requests    figure = "requests"
	received    figure = "bytes received"
	sent        figure = "bytes sent"
	allocated   figure = "bytes allocated"
	allocations figure = "allocations"
	cpu         figure = "CPU, µs"
	reconciles  figure = "reconciles"
	// rss is the one that is no counter.
	rss figure = "RSS in the end, MB"
)

// figures are those that are counted for each website, in the order in which they are told.
var figures = []figure{writes, requests, received, sent, allocations, allocated, cpu, reconciles}

// reading is what an operator has taken so far.
type reading map[figure]float64

// since returns what was taken since another reading, for each of so many websites.
func (r reading) since(before reading, websites int) reading {
	difference := reading{}
	for _, f := range figures {
		difference[f] = (r[f] - before[f]) / float64(websites)
	}
	return difference
}

// read reads what an operator tells about itself. Leases are left out: they are renewed by the clock.
func read(ctx context.Context, address string) reading {
	GinkgoHelper()
	families := scrape(ctx, address)
	r := reading{
		allocations: sum(families["go_memstats_mallocs_total"], anything),
		allocated:   sum(families["go_memstats_alloc_bytes_total"], anything),
		cpu:         sum(families["process_cpu_seconds_total"], anything) * 1e6,
		reconciles:  sum(families["controller_runtime_reconcile_total"], anything),
		requests:    sum(families["rest_client_resource_requests_total"], noLease),
		received:    sum(families["rest_client_received_bytes_total"], noLease),
		sent:        sum(families["rest_client_sent_bytes_total"], noLease),
		rss:         sum(families["process_resident_memory_bytes"], anything) / 1e6,
	}
	r[writes] = sum(families["rest_client_resource_requests_total"], func(labels map[string]string) bool {
		return noLease(labels) && slices.Contains([]string{"create", "update", "patch", "delete"}, labels["verb"])
	})
	return r
}

func anything(map[string]string) bool { return true }

func noLease(labels map[string]string) bool { return labels["resource"] != "leases" }

func scrape(ctx context.Context, address string) map[string]*dto.MetricFamily {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
	Expect(err).NotTo(HaveOccurred())
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	Expect(err).NotTo(HaveOccurred())
	return families
}

func sum(family *dto.MetricFamily, match func(map[string]string) bool) float64 {
	total := 0.0
	for _, metric := range family.GetMetric() {
		labels := map[string]string{}
		for _, pair := range metric.GetLabel() {
			labels[pair.GetName()] = pair.GetValue()
		}
		if match(labels) {
			total += metric.GetCounter().GetValue() + metric.GetGauge().GetValue()
		}
	}
	return total
}
