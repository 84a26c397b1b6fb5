// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package figures sums measurements up, and writes them down in tables.
package figures

import (
	"slices"
	"time"
)

// Latency is how long something took, in seconds.
type Latency struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50Seconds"`
	P99   float64 `json:"p99Seconds"`
	Max   float64 `json:"maxSeconds"`
	// Unfinished are those that did not come to an end; they are in no other field.
	Unfinished int `json:"unfinished"`
}

// LatencyOf sums durations up. A percentile is the smallest value that so many percent of the values do not exceed.
func LatencyOf(durations []time.Duration) Latency {
	if len(durations) == 0 {
		return Latency{}
	}
	sorted := slices.Sorted(slices.Values(durations))
	percentile := func(percent int) float64 {
		rank := (len(sorted)*percent + 99) / 100
		return sorted[max(rank, 1)-1].Seconds()
	}
	return Latency{Count: len(sorted), P50: percentile(50), P99: percentile(99), Max: sorted[len(sorted)-1].Seconds()}
}
