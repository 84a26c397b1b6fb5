// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"bytes"
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/figures"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/scrape"
)

func instance(rss, live uint64) Instance {
	return Instance{
		Usage:   machine.Usage{Instance: "sharder-0", Leads: true, RSS: rss, Anonymous: 11e6, CPU: 1.5},
		Process: scrape.Process{Goroutines: 77, HeapInUse: 9e6, Sys: 20e6}, RestCPU: 0.25, LiveHeap: live,
	}
}

func TestFootprintSlope(t *testing.T) {
	g := NewWithT(t)
	footprint := Footprint{ByObjects: []Need{
		{Objects: 100, Instances: []Instance{instance(30e6, 5e6)}},
		{Objects: 500}, // not measured
		{Objects: 1100, Instances: []Instance{instance(31e6, 5e6)}},
	}}
	rss, live := footprint.Slope()
	g.Expect(rss).To(BeNumerically("~", 1000, 1e-6))
	g.Expect(live).To(BeNumerically("~", 0, 1e-6))
}

func TestReport(t *testing.T) {
	g := NewWithT(t)
	report := Report{
		Sizes: Sizes{Rate: 20},
		Admission: &Admission{
			Asked: figures.Latency{Count: 3000, P50: 0.003, P99: 0.006}, Unasked: figures.Latency{Count: 3000, P50: 0.0025, P99: 0.005},
			AddedP50: 0.0005, AddedP99: 0.001,
		},
		Protected: &Admission{AddedP50: 0.0007, AddedP99: 0.002},
		Assignment: &Assignment{
			Muted:  figures.Latency{Count: 600, P50: 0.012, P99: 0.2, Max: 0.3},
			Steady: Assigned{Created: 600, PerSecond: 20, ByWebhook: 600}, Rushed: Assigned{Created: 600, PerSecond: 400, ByWebhook: 597},
		},
		Footprint: &Footprint{ByObjects: []Need{
			{Objects: 100, Rings: 2, Instances: []Instance{instance(30e6, 5e6)}},
			{Objects: 10100, Rings: 2, Instances: []Instance{instance(31e6, 5e6)}},
		}},
		Churn:    &Churn{Rings: 200, Before: []Instance{instance(30e6, 5e6)}},
		Joins:    []Join{{Objects: 1000, Settled: new(1.25), Moved: 250, Minimum: 250, Ideal: 250, SharderWrites: 500, ShardWrites: 250}, {Objects: 10}},
		Failures: []string{"join: it took too long"},
	}
	g.Expect(report.Measured()).To(BeTrue())
	var out bytes.Buffer
	g.Expect(report.Text(&out)).To(Succeed())
	g.Expect(out.String()).To(And(
		MatchRegexp(`\| at rest, with policies\s+\|.*\| 0.70 ms\s+\| 2.00 ms \| 0 `),
		MatchRegexp(`\| at rest\s+\| 3000 \| 3.00 ms\s+\| 6.00 ms \| 2.50 ms\s+\| 5.00 ms \| 0.50 ms\s+\| 1.00 ms \| 0 `),
		ContainSubstring("600 objects at 20/s, from the request to create them until a watch told their shard: p50 12.00 ms, p99 200.00 ms"),
		ContainSubstring("600 objects at 400/s: 597 assigned by it (99.50 %)"),
		MatchRegexp(`\| 100\s+\| 2\s+\| sharder-0 \(leads\) \| 30.0 MB \| 11.0 MB \| 5.0 MB\s+\| 9.0 MB\s+\| 20.0 MB\s+\| 77 `),
		ContainSubstring("100 bytes of RSS, 0.0 bytes of live heap"),
		ContainSubstring("200 rings come, change and go"),
		MatchRegexp(`\| 1000\s+\| 1.25 s\s+\| 250\s+\| 250\s+\| 1.000\s+\| 2.00\s+\| 1.00 `),
		MatchRegexp(`\| 10\s+\| -\s+\| 0\s+\| 0\s+\| -\s+\| -`),
		ContainSubstring("- join: it took too long"),
	))
	out.Reset()
	g.Expect(report.JSON(&out)).To(Succeed())
	var read map[string]any
	g.Expect(json.Unmarshal(out.Bytes(), &read)).To(Succeed())
	g.Expect(read).To(HaveKey("footprint"))
	g.Expect(read).NotTo(HaveKey("websites"))
}

func TestReportOfNothing(t *testing.T) {
	g := NewWithT(t)
	g.Expect(Report{}.Measured()).To(BeFalse())
	var out bytes.Buffer
	g.Expect(Report{}.Text(&out)).To(Succeed())
	g.Expect(out.String()).NotTo(ContainSubstring("###"))
}
