// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package result_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

func TestLatencyOf(t *testing.T) {
	g := NewWithT(t)
	g.Expect(result.LatencyOf(nil, 2)).To(Equal(result.Latency{Unfinished: 2}))
	g.Expect(result.LatencyOf([]float64{1}, 0)).To(Equal(result.Latency{Count: 1, P50: 1, P90: 1, P99: 1, Max: 1}))
	var seconds []float64
	for i := range 200 {
		seconds = append(seconds, float64(200-i))
	}
	g.Expect(result.LatencyOf(seconds, 0)).To(Equal(result.Latency{Count: 200, P50: 100, P90: 180, P99: 198, Max: 200}))
	g.Expect(seconds[0]).To(Equal(200.0), "what was given is not sorted in place")
}

func TestWebsitesOf(t *testing.T) {
	for name, test := range map[string]struct {
		byShard  map[string]int
		expected result.Websites
	}{
		"none":             {expected: result.Websites{}},
		"without sharding": {byShard: map[string]int{"": 5}, expected: result.Websites{Total: 5, Unassigned: 5}},
		"even": {
			byShard:  map[string]int{"a": 2, "b": 2},
			expected: result.Websites{Total: 4, Shards: map[string]int{"a": 2, "b": 2}, MaxToMean: 1},
		},
		"one that is gone, and one unassigned": {
			byShard:  map[string]int{"a": 3, "b": 0, "c": 1, "": 1},
			expected: result.Websites{Total: 5, Shards: map[string]int{"a": 3, "c": 1}, Unassigned: 1, MaxToMean: 1.5},
		},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(result.WebsitesOf(test.byShard, 0)).To(Equal(test.expected))
		})
	}
}
