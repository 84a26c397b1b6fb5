// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"maps"
	"slices"
	"sync"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

// Measures are all that there are, in the order in which they are told.
var Measures = []result.Measure{
	result.CreateToReady, result.ChangeToReady, result.ChangeToHandled, result.AssignedToReconciled, result.Unassigned,
}

// Times keeps how long everything took.
type Times struct {
	metrics *Metrics

	mutex  sync.Mutex
	all    map[result.Measure][]float64
	recent map[result.Measure][]float64
}

// NewTimes returns times that are told to the metrics as well.
func NewTimes(metrics *Metrics) *Times {
	return &Times{metrics: metrics, all: map[result.Measure][]float64{}, recent: map[result.Measure][]float64{}}
}

// Took takes in how long something took, in seconds.
func (t *Times) Took(measure result.Measure, seconds float64) {
	t.metrics.took(measure, seconds)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.all[measure] = append(t.all[measure], seconds)
	t.recent[measure] = append(t.recent[measure], seconds)
}

// Reset forgets what was before the load began.
func (t *Times) Reset() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.all, t.recent = map[result.Measure][]float64{}, map[result.Measure][]float64{}
}

// Recent returns what came since the last call.
func (t *Times) Recent() map[result.Measure][]float64 {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	recent := t.recent
	t.recent = map[result.Measure][]float64{}
	return recent
}

// All returns everything, in no order that means anything.
func (t *Times) All() map[result.Measure][]float64 {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	all := maps.Clone(t.all)
	for measure := range all {
		all[measure] = slices.Clone(all[measure])
	}
	return all
}

// Since returns a function that returns what one measure took since now.
func (t *Times) Since(measure result.Measure) func() []float64 {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	begin := len(t.all[measure])
	return func() []float64 {
		t.mutex.Lock()
		defer t.mutex.Unlock()
		return slices.Clone(t.all[measure][begin:])
	}
}
