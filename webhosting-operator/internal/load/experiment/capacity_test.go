// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/scenario"
)

func TestWhatIsNotFinishedCountsAsLongest(t *testing.T) {
	g := NewWithT(t)
	var seconds []float64
	for i := range 99 {
		seconds = append(seconds, float64(99-i))
	}
	g.Expect(percentile99(seconds, 0)).To(Equal(99.0))
	g.Expect(percentile99(seconds, 1)).To(Equal(99.0))
	g.Expect(percentile99(seconds, 2)).To(Equal(-1.0))
	g.Expect(percentile99(nil, 0)).To(Equal(-1.0))
	g.Expect(percentile99(nil, 5)).To(Equal(-1.0))
}

func TestVerdict(t *testing.T) {
	wanted := scenario.Capacity{QueueP99: time.Second, ReadyP99: 5 * time.Second}
	good := result.Step{ChangesPerSecond: 10, Achieved: 9.9, QueueP99: 1, ReadyP99: 5}
	for name, test := range map[string]struct {
		change   func(*result.Step)
		expected string
	}{
		"both objectives hold, just so": {change: func(*result.Step) {}},
		"queue":                         {change: func(s *result.Step) { s.QueueP99 = 1.5 }, expected: "1.5 s in the queues instead of 1 s"},
		"ready":                         {change: func(s *result.Step) { s.ReadyP99 = 6 }, expected: "6 s until ready instead of 5 s"},
		"never ready":                   {change: func(s *result.Step) { s.ReadyP99 = -1 }, expected: "more than 1 % of the changes were not ready in time"},
		"not generated": {
			change: func(s *result.Step) { s.Achieved, s.ReadyP99 = 9, 6 }, expected: "only 9 changes/s could be generated; 6 s until ready instead of 5 s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			step := good
			test.change(&step)
			NewWithT(t).Expect(verdict(step, wanted)).To(Equal(test.expected))
		})
	}
}

func TestTheMachineIsTheLimitOnlyIfTheSearchEndedThere(t *testing.T) {
	g := NewWithT(t)
	held := result.Step{ChangesPerSecond: 10, Achieved: 10, Holds: true}
	overloaded := result.Step{ChangesPerSecond: 20, Achieved: 15}
	tooMuch := result.Step{ChangesPerSecond: 15, Achieved: 15}

	found := func(steps ...result.Step) result.Capacity { return result.Capacity{ChangesPerSecond: 10, Steps: steps} }
	step, limited := limitedElsewhere(found(held, overloaded, overloaded))
	g.Expect(limited).To(BeTrue())
	g.Expect(step).To(Equal(overloaded))
	_, limited = limitedElsewhere(found(held, overloaded, overloaded, tooMuch, tooMuch))
	g.Expect(limited).To(BeFalse())
	_, limited = limitedElsewhere(found(held))
	g.Expect(limited).To(BeFalse(), "nothing failed")
	once := result.Step{ChangesPerSecond: 10, Achieved: 5}
	_, limited = limitedElsewhere(found(once, held, tooMuch, tooMuch))
	g.Expect(limited).To(BeFalse(), "what could be generated at the second try was no limit")
}
