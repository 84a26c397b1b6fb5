// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package result is what a run of the command experiment leaves behind: a folder with one result.json, and time series
// beside it as CSV files. Other programs read it; this package is the contract.
//
// A folder with a result.json is complete, since the folder gets its name only when all of it is written. That a run is
// complete does not mean that it counts: see Result.Valid.
package result

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Result is what came out of a run. Durations are in seconds, rates per second.
type Result struct {
	// Scenario is the name of what was run, such as "basic".
	Scenario string `json:"scenario"`
	// Setup is what the caller called the thing that was under load, such as "singleton"; it may be empty.
	Setup string `json:"setup,omitempty"`
	// Begin is when the load began, and End when it ended: neither what was set up before nor what was cleaned up after
	// is in between.
	Begin time.Time `json:"begin"`
	End   time.Time `json:"end"`
	// Scale is the factor that was asked for; 1 is the size that is in the documents.
	Scale float64 `json:"scale"`
	// Seed chose what was random. The same seed, settings and scale promise the same load.
	Seed uint64 `json:"seed"`
	// Settings are all parameters of the scenario as they were after scaling, by name, for people to read.
	Settings map[string]string `json:"settings"`

	// Valid holds if the load was what the scenario promises, and the run came to its end. Nothing may be concluded from
	// an invalid run.
	Valid bool `json:"valid"`
	// Reasons say why the run is invalid; there are none if and only if it is valid.
	Reasons []string `json:"reasons,omitempty"`

	// Phases are the parts of the run in the order in which they began; they lie between Begin and End without gaps.
	Phases []Phase `json:"phases"`
	// Load is what was promised, and what was achieved, by operation.
	Load []Load `json:"load"`
	// Latencies are by measure, see the constants of type Measure.
	Latencies map[Measure]Latency `json:"latencies"`
	// Websites is how many there were in the end, and on which shard.
	Websites Websites `json:"websites"`
	// Disruptions are what was done to the instances, in order.
	Disruptions []Disruption `json:"disruptions,omitempty"`
	// Capacity is by number of shards; only the scenario scale-out has it.
	Capacity []Capacity `json:"capacity,omitempty"`
	// Versions are what was used, by name, such as "go" or "kubernetes".
	Versions map[string]string `json:"versions"`
}

// Phase is a part of a run.
type Phase struct {
	Name  string    `json:"name"`
	Begin time.Time `json:"begin"`
	End   time.Time `json:"end"`
}

// Disruption is something that was done to the instances under load.
type Disruption struct {
	// Kind is kill, restore, scale or restart.
	Kind string `json:"kind"`
	// Target is the instance, or the number of them; empty if it concerns all.
	Target string    `json:"target,omitempty"`
	Begin  time.Time `json:"begin"`
	End    time.Time `json:"end"`
	Error  string    `json:"error,omitempty"`
}

// File is the name of the file that holds the Result.
const File = "result.json"

// Read reads the result in a folder.
func Read(folder string) (Result, error) {
	var r Result
	content, err := os.ReadFile(filepath.Join(folder, File))
	if err != nil {
		return r, fmt.Errorf("reading the result: %w", err)
	}
	if err := json.Unmarshal(content, &r); err != nil {
		return r, fmt.Errorf("reading the result %s: %w", filepath.Join(folder, File), err)
	}
	return r, nil
}

// Encode returns the content of the file.
func (r Result) Encode() ([]byte, error) {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the result: %w", err)
	}
	return append(content, '\n'), nil
}
