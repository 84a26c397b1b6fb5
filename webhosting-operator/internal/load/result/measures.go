// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package result

// Operation is something that the experiment does to the cluster again and again.
type Operation string

const (
	// Create creates a website.
	Create Operation = "create"
	// Delete deletes a website.
	Delete Operation = "delete"
	// Change gives a website another theme.
	Change Operation = "change"
	// ChangeTheme changes what a theme looks like.
	ChangeTheme Operation = "changeTheme"
)

// Load is how often an operation was to be done, and was done.
type Load struct {
	Operation Operation `json:"operation"`
	// Promised is how often it should have been done from begin to end.
	Promised int `json:"promised"`
	// Achieved is how often the API server agreed to it.
	Achieved int `json:"achieved"`
	// Late is how often it could not be sent when it was due, because too many requests were under way; it was not made up
	// for later.
	Late int `json:"late"`
	// Failed is how often the API server refused it or did not answer.
	Failed int `json:"failed"`
	// Error is the first of these failures.
	Error string `json:"error,omitempty"`
	// Answered is how long the API server took: how busy it and the machine were.
	Answered Latency `json:"answered"`
}

// Measure is something that takes time, as it is seen from outside, by watching the websites.
type Measure string

const (
	// CreateToReady is from when a website's creation was sent until it was Ready for its generation.
	CreateToReady Measure = "createToReady"
	// ChangeToReady is from when a change was sent until the website was Ready for its generation or a later one. A
	// creation counts as a change, too.
	ChangeToReady Measure = "changeToReady"
	// ChangeToHandled is the same until the operator had worked on that generation, whatever it found.
	ChangeToHandled Measure = "changeToHandled"
	// AssignedToReconciled is from when a new website was seen with a shard until the operator had worked on it.
	AssignedToReconciled Measure = "assignedToReconciled"
	// Unassigned is how long websites were seen without a shard, each time. A website that has its shard when it is first
	// seen counts with 0. Without sharding there is none.
	Unassigned Measure = "unassigned"
)

// Latency sums up how long something took, in seconds. A percentile is the smallest value that so many percent of the
// values do not exceed.
type Latency struct {
	Count int     `json:"count"`
	P50   float64 `json:"p50Seconds"`
	P90   float64 `json:"p90Seconds"`
	P99   float64 `json:"p99Seconds"`
	Max   float64 `json:"maxSeconds"`
	// Unfinished did not come to an end while the run lasted; they are in no other field.
	Unfinished int `json:"unfinished"`
}

// Websites is how many there are, and on which shard.
type Websites struct {
	Total int `json:"total"`
	// Shards counts by the shard's name. It is empty without sharding.
	Shards map[string]int `json:"shards,omitempty"`
	// Unassigned are without a shard; all are, without sharding.
	Unassigned int `json:"unassigned"`
	// MaxToMean is the number of the shard that has most, relative to the mean; 0 if there is no shard.
	MaxToMean float64 `json:"maxToMean"`
	// Ready is how many of all are Ready for their generation.
	Ready int `json:"ready"`
}

// Capacity is the highest load at which the service level objectives hold with so many shards.
type Capacity struct {
	Shards int `json:"shards"`
	// ChangesPerSecond is the highest load that was tried and held; 0 if none did.
	ChangesPerSecond float64 `json:"changesPerSecond"`
	// Conclusive holds if a load not much higher was tried and did not hold. If not, the capacity is at least this.
	Conclusive bool `json:"conclusive"`
	// Steps are what was tried, in order.
	Steps []Step `json:"steps"`
}

// Step is one load that was tried.
type Step struct {
	ChangesPerSecond float64 `json:"changesPerSecond"`
	// Achieved is the load that there was in fact, in changes per second.
	Achieved float64 `json:"achievedPerSecond"`
	// QueueP99 is the 99th percentile of the time in the operator's queues; negative if it is not known.
	QueueP99 float64 `json:"queueP99Seconds"`
	// ReadyP99 is the 99th percentile of ChangeToReady; negative if more than 1 % were not Ready in time.
	ReadyP99 float64 `json:"readyP99Seconds"`
	// Holds if both objectives were met.
	Holds bool `json:"holds"`
	// Reason says why not; empty if they were met.
	Reason string `json:"reason,omitempty"`
}
