// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package figures

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestLatency(t *testing.T) {
	g := NewWithT(t)
	g.Expect(LatencyOf(nil)).To(Equal(Latency{}))
	g.Expect(LatencyOf([]time.Duration{time.Second})).To(Equal(Latency{Count: 1, P50: 1, P99: 1, Max: 1}))
	var durations []time.Duration
	for i := range 200 {
		durations = append(durations, time.Duration(200-i)*time.Second)
	}
	g.Expect(LatencyOf(durations)).To(Equal(Latency{Count: 200, P50: 100, P99: 198, Max: 200}))
	g.Expect(durations[0]).To(Equal(200*time.Second), "what was given is not sorted in place")
}
