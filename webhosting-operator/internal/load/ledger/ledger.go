// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package ledger keeps account of the load: what was promised, and what became of it.
package ledger

import (
	"fmt"
	"sync"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

// Operations are all that there are, in the order in which they are told.
var Operations = []result.Operation{result.Create, result.Delete, result.Change, result.ChangeTheme}

// Counts are how often an operation was due so far, and what became of it. What is in no other field is under way.
type Counts struct {
	Promised, Achieved, Late, Failed int
}

// Ledger counts operations.
type Ledger struct {
	mutex   sync.Mutex
	entries map[result.Operation]*entry
}

type entry struct {
	Counts
	seconds []float64
	failure string
}

// New returns an empty ledger.
func New() *Ledger {
	entries := map[result.Operation]*entry{}
	for _, operation := range Operations {
		entries[operation] = &entry{}
	}
	return &Ledger{entries: entries}
}

func (l *Ledger) change(operation result.Operation, change func(*entry)) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	change(l.entries[operation])
}

// Due takes in that an operation is due so often.
func (l *Ledger) Due(operation result.Operation, count int) {
	l.change(operation, func(e *entry) { e.Promised += count })
}

// Late takes in that so many that were due were not even tried in time.
func (l *Ledger) Late(operation result.Operation, count int) {
	l.change(operation, func(e *entry) { e.Late += count })
}

// Answered takes in that one was tried, and how long the answer took.
func (l *Ledger) Answered(operation result.Operation, seconds float64, err error) {
	l.change(operation, func(e *entry) {
		if err == nil {
			e.Achieved++
			e.seconds = append(e.seconds, seconds)
			return
		}
		e.Failed++
		if e.failure == "" {
			e.failure = err.Error()
		}
	})
}

// Counts returns the counts of each operation.
func (l *Ledger) Counts() map[result.Operation]Counts {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	counts := make(map[result.Operation]Counts, len(l.entries))
	for operation, e := range l.entries {
		counts[operation] = e.Counts
	}
	return counts
}

// Load returns those operations that were ever due.
func (l *Ledger) Load() []result.Load {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	load := []result.Load{}
	for _, operation := range Operations {
		e := l.entries[operation]
		if e.Promised == 0 {
			continue
		}
		load = append(load, result.Load{
			Operation: operation, Promised: e.Promised, Achieved: e.Achieved, Late: e.Late, Failed: e.Failed, Error: e.failure,
			Answered: result.LatencyOf(e.seconds, e.Promised-e.Achieved-e.Late-e.Failed),
		})
	}
	return load
}

// String writes the counts for people.
func (c Counts) String() string {
	return fmt.Sprintf("%d of %d, %d late, %d failed", c.Achieved, c.Promised, c.Late, c.Failed)
}
