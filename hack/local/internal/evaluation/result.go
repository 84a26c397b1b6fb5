// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluation

import "time"

// Result is what the command experiment says about a run: the part of its result.json that is shown.
type Result struct {
	Begin    time.Time         `json:"begin"`
	End      time.Time         `json:"end"`
	Settings map[string]string `json:"settings"`
	// Valid holds if the load was what the scenario promises. Nothing may be concluded from an invalid run.
	Valid     bool               `json:"valid"`
	Reasons   []string           `json:"reasons"`
	Phases    []Phase            `json:"phases"`
	Load      []Load             `json:"load"`
	Latencies map[string]Latency `json:"latencies"`
	Websites  Websites           `json:"websites"`
	Capacity  []Capacity         `json:"capacity"`
	Versions  map[string]string  `json:"versions"`
}

// Phase is a part of the run in which the load was of one kind.
type Phase struct {
	Name  string    `json:"name"`
	Begin time.Time `json:"begin"`
	End   time.Time `json:"end"`
}

// Load is how often an operation was to be done, and was done.
type Load struct {
	Operation string  `json:"operation"`
	Promised  int     `json:"promised"`
	Achieved  int     `json:"achieved"`
	Answered  Latency `json:"answered"`
}

// Latency sums up how long something took, in seconds.
type Latency struct {
	Count      int     `json:"count"`
	P50        float64 `json:"p50Seconds"`
	P99        float64 `json:"p99Seconds"`
	Max        float64 `json:"maxSeconds"`
	Unfinished int     `json:"unfinished"`
}

// Websites is how many there were in the end, and on which shard.
type Websites struct {
	Total     int            `json:"total"`
	Shards    map[string]int `json:"shards"`
	MaxToMean float64        `json:"maxToMean"`
	Ready     int            `json:"ready"`
}

// Capacity is the highest load at which the service level objectives held with so many shards.
type Capacity struct {
	Shards           int     `json:"shards"`
	ChangesPerSecond float64 `json:"changesPerSecond"`
	// Conclusive holds if a load not much higher did not hold. If not, the capacity is at least this.
	Conclusive bool `json:"conclusive"`
}
