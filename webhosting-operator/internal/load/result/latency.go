// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package result

import "slices"

// LatencyOf sums up durations in seconds.
func LatencyOf(seconds []float64, unfinished int) Latency {
	latency := Latency{Count: len(seconds), Unfinished: unfinished}
	if len(seconds) == 0 {
		return latency
	}
	sorted := slices.Sorted(slices.Values(seconds))
	percentile := func(percent int) float64 {
		rank := (len(sorted)*percent + 99) / 100
		return sorted[max(rank, 1)-1]
	}
	latency.P50, latency.P90, latency.P99 = percentile(50), percentile(90), percentile(99)
	latency.Max = sorted[len(sorted)-1]
	return latency
}

// WebsitesOf counts websites by shard. Those of the shard with the empty name are unassigned. A shard without any does not
// count: it may be gone.
func WebsitesOf(byShard map[string]int, ready int) Websites {
	websites := Websites{Ready: ready}
	most := 0
	for shard, count := range byShard {
		websites.Total += count
		if shard == "" {
			websites.Unassigned = count
			continue
		}
		if count == 0 {
			continue
		}
		if websites.Shards == nil {
			websites.Shards = map[string]int{}
		}
		websites.Shards[shard] = count
		most = max(most, count)
	}
	if assigned := websites.Total - websites.Unassigned; assigned > 0 {
		websites.MaxToMean = float64(most) * float64(len(websites.Shards)) / float64(assigned)
	}
	return websites
}
