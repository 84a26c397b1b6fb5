// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ledger_test

import (
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/ledger"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

func TestLoadTellsWhatBecameOfIt(t *testing.T) {
	g := NewWithT(t)
	l := ledger.New()
	l.Due(result.Change, 5)
	l.Late(result.Change, 1)
	l.Answered(result.Change, 0.1, nil)
	l.Answered(result.Change, 0.3, errors.New("first"))
	l.Answered(result.Change, 0.3, errors.New("second"))
	l.Due(result.Create, 1)
	g.Expect(l.Load()).To(HaveExactElements(
		result.Load{Operation: "create", Promised: 1, Answered: result.Latency{Unfinished: 1}},
		result.Load{
			Operation: "change", Promised: 5, Achieved: 1, Late: 1, Failed: 2, Error: "first",
			Answered: result.Latency{Count: 1, P50: 0.1, P90: 0.1, P99: 0.1, Max: 0.1, Unfinished: 1},
		},
	))
	g.Expect(l.Counts()["change"]).To(Equal(ledger.Counts{Promised: 5, Achieved: 1, Late: 1, Failed: 2}))
}

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// history returns a moment each second of a run with 10 changes promised a second, of which so many are achieved.
func history(seconds int, achieved func(second int) int) []ledger.Moment {
	var c ledger.Counts
	moments := []ledger.Moment{{At: start}}
	for second := range seconds {
		c.Promised += 10
		c.Achieved += achieved(second)
		c.Late = c.Promised - c.Achieved
		moments = append(moments, ledger.Moment{
			At: start.Add(time.Duration(second+1) * time.Second), Counts: map[result.Operation]ledger.Counts{result.Change: c},
		})
	}
	return moments
}

func TestShortfalls(t *testing.T) {
	for name, test := range map[string]struct {
		history  []ledger.Moment
		expected []string
	}{
		"nothing yet": {},
		"all":         {history: history(60, func(int) int { return 10 })},
		"a second that is lost in a long run": {history: history(600, func(second int) int {
			if second == 30 {
				return 0
			}
			return 10
		})},
		"ten seconds that are lost in a long run": {
			history: history(600, func(second int) int {
				if second >= 30 && second < 40 {
					return 0
				}
				return 10
			}),
			expected: []string{"change: only 0 of 100, 100 late, 0 failed within 10s, 30s after the begin"},
		},
		"always a little less": {
			history:  history(600, func(int) int { return 9 }),
			expected: []string{"change: only 5400 of 6000, 600 late, 0 failed"},
		},
		"too short to say": {history: history(1, func(int) int { return 8 })},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(ledger.Shortfalls(test.history)).To(Equal(test.expected))
		})
	}
}
