// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/figures"
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

// Changes is how long changes took, each from when the request was sent.
type Changes struct {
	// Answered is until the API server had answered: how busy it and the machine were.
	Answered figures.Latency `json:"answered"`
	// Handled is until the operator had worked on the change.
	Handled figures.Latency `json:"handled"`
	// Ready is until the website was Ready for the change, which takes the Deployment controller's part as well.
	Ready figures.Latency `json:"ready"`
}

// changesOf sums changes up.
func changesOf(changes []Change) Changes {
	return Changes{
		Answered: latencyUntil(changes, func(c Change) time.Time { return c.Answered }),
		Handled:  latencyUntil(changes, func(c Change) time.Time { return c.Handled }),
		Ready:    latencyUntil(changes, func(c Change) time.Time { return c.Ready }),
	}
}

func latencyUntil(changes []Change, end func(Change) time.Time) figures.Latency {
	var durations []time.Duration
	unfinished := 0
	for _, change := range changes {
		if at := end(change); at.IsZero() {
			unfinished++
		} else {
			durations = append(durations, at.Sub(change.Sent))
		}
	}
	latency := figures.LatencyOf(durations)
	latency.Unfinished = unfinished
	return latency
}
