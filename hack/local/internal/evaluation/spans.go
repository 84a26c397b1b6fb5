// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluation

import (
	"slices"
	"time"
)

// Span is a part of a run that Prometheus is asked about.
type Span struct {
	// Name is load, hold or idle.
	Name       string
	Begin, End time.Time
}

// idlePhase is the name of the phase in which nothing is done.
const idlePhase = "idle"

// Spans returns what Prometheus is asked about: the load, without what comes before and after; within it the hold, which is the
// last phase of the load, when most websites are there; and idle, if nothing was done in the end.
func (r Result) Spans() []Span {
	spans := []Span{{Name: "load", Begin: r.Begin, End: r.End}}
	phases := r.Phases
	var idle []Span
	if i := slices.IndexFunc(phases, func(p Phase) bool { return p.Name == idlePhase }); i >= 0 {
		spans[0].End = phases[i].Begin
		// What the load before left to do is done in the first half.
		half := phases[i].End.Sub(phases[i].Begin) / 2
		idle = []Span{{Name: "idle", Begin: phases[i].Begin.Add(half), End: phases[i].End}}
		phases = phases[:i]
	}
	if len(phases) > 0 {
		last := phases[len(phases)-1]
		spans = append(spans, Span{Name: "hold", Begin: last.Begin, End: last.End})
	}
	return append(spans, idle...)
}
