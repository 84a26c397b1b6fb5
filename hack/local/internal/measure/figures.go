// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"slices"
	"time"
)

// Spread is how websites are spread over shards.
type Spread struct {
	Shards map[string]int `json:"shards"`
	// MaxToMean is the number of the shard that has most, relative to the mean; 0 if there are none.
	MaxToMean float64 `json:"maxToMean"`
}

// spreadOf counts the websites of each shard. Shards without any count as well, and so do shards that should have none.
func spreadOf(shards []string, assigned map[string]string) Spread {
	spread := Spread{Shards: map[string]int{}}
	for _, shard := range shards {
		spread.Shards[shard] = 0
	}
	for _, shard := range assigned {
		spread.Shards[shard]++
	}
	if len(assigned) == 0 || len(spread.Shards) == 0 {
		return spread
	}
	most := 0
	for _, count := range spread.Shards {
		most = max(most, count)
	}
	spread.MaxToMean = float64(most) * float64(len(spread.Shards)) / float64(len(assigned))
	return spread
}

// Latency is how long something took, in seconds.
type Latency struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50Seconds"`
	P99   float64 `json:"p99Seconds"`
	Max   float64 `json:"maxSeconds"`
	// Unfinished are those that did not come to an end; they are in no other field.
	Unfinished int `json:"unfinished"`
}

// latencyOf sums durations up. A percentile is the smallest value that so many percent of the values do not exceed.
func latencyOf(durations []time.Duration) Latency {
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

// Changes is how long changes took, each from when the request was sent.
type Changes struct {
	// Answered is until the API server had answered: how busy it and the machine were.
	Answered Latency `json:"answered"`
	// Handled is until the operator had worked on the change.
	Handled Latency `json:"handled"`
	// Ready is until the website was Ready for the change, which takes the Deployment controller's part as well.
	Ready Latency `json:"ready"`
}

// changesOf sums changes up.
func changesOf(changes []Change) Changes {
	return Changes{
		Answered: latencyUntil(changes, func(c Change) time.Time { return c.Answered }),
		Handled:  latencyUntil(changes, func(c Change) time.Time { return c.Handled }),
		Ready:    latencyUntil(changes, func(c Change) time.Time { return c.Ready }),
	}
}

func latencyUntil(changes []Change, end func(Change) time.Time) Latency {
	var durations []time.Duration
	unfinished := 0
	for _, change := range changes {
		if at := end(change); at.IsZero() {
			unfinished++
		} else {
			durations = append(durations, at.Sub(change.Sent))
		}
	}
	latency := latencyOf(durations)
	latency.Unfinished = unfinished
	return latency
}
