// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ledger

import (
	"fmt"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

const (
	// leastOverall and leastWithin are what part of the promised load there must be: over the whole run, and within any
	// window of it.
	leastOverall, leastWithin = 0.98, 0.8
	// window is long enough for a hiccup of a second or two to be none.
	window = 10 * time.Second
	// slack is for operations that are under way at either end, and for numbers too small to say anything.
	slack = 3
)

// Moment is how things stood at a time.
type Moment struct {
	At     time.Time
	Counts map[result.Operation]Counts
}

// Shortfalls returns where the load was not what was promised, in sentences, from moments in the order of time, the
// first of them at the beginning. There are at most two for each operation: the run as a whole, and its worst window.
func Shortfalls(history []Moment) []string {
	var reasons []string
	for _, operation := range Operations {
		if len(history) < 2 {
			break
		}
		first, last := history[0], history[len(history)-1]
		if c := difference(first, last, operation); c.short(leastOverall) {
			reasons = append(reasons, fmt.Sprintf("%s: only %s", operation, c))
		}
		var worst Counts
		var worstAt time.Time
		for i, from := 0, 0; i < len(history); i++ {
			for history[i].At.Sub(history[from+1].At) >= window {
				from++
			}
			c := difference(history[from], history[i], operation)
			if history[i].At.Sub(history[from].At) >= window && c.short(leastWithin) &&
				(worstAt.IsZero() || c.part() < worst.part()) {
				worst, worstAt = c, history[from].At
			}
		}
		if !worstAt.IsZero() {
			reasons = append(reasons, fmt.Sprintf("%s: only %s within %s, %s after the begin",
				operation, worst, window, worstAt.Sub(first.At).Round(time.Second)))
		}
	}
	return reasons
}

func difference(from, to Moment, operation result.Operation) Counts {
	a, b := from.Counts[operation], to.Counts[operation]
	return Counts{
		Promised: b.Promised - a.Promised, Achieved: b.Achieved - a.Achieved, Late: b.Late - a.Late, Failed: b.Failed - a.Failed,
	}
}

func (c Counts) short(least float64) bool {
	return float64(c.Achieved) < least*float64(c.Promised)-slack
}

func (c Counts) part() float64 {
	if c.Promised == 0 {
		return 1
	}
	return float64(c.Achieved) / float64(c.Promised)
}
