// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package scrape

import (
	"errors"
	"fmt"
	"io"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Metrics are what an instance says about itself, by the names of the metrics.
type Metrics map[string]*dto.MetricFamily

// Parse reads the text format of Prometheus.
func Parse(text io.Reader) (Metrics, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	return families, nil
}

// Sum adds up the values of a gauge or a counter over all labels; 0 if there is none of the name.
func (m Metrics) Sum(name string) float64 {
	sum := 0.0
	for _, metric := range m[name].GetMetric() {
		sum += metric.GetGauge().GetValue() + metric.GetCounter().GetValue() + metric.GetUntyped().GetValue()
	}
	return sum
}

// Process is what the process of an instance holds.
type Process struct {
	Goroutines int `json:"goroutines"`
	// HeapInUse are the bytes of the heap that hold objects, live or not collected yet, and Sys those of all memory that
	// Go's runtime has of the system.
	HeapInUse uint64 `json:"heapInUseBytes"`
	Sys       uint64 `json:"sysBytes"`
}

var errNoRuntime = errors.New("the metrics do not tell about Go's runtime")

// Process returns what the process holds.
func (m Metrics) Process() (Process, error) {
	process := Process{
		Goroutines: int(m.Sum("go_goroutines")),
		HeapInUse:  uint64(m.Sum("go_memstats_heap_inuse_bytes")),
		Sys:        uint64(m.Sum("go_memstats_sys_bytes")),
	}
	if process.Goroutines == 0 || process.HeapInUse == 0 {
		return process, errNoRuntime
	}
	return process, nil
}
