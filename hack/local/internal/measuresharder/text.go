// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/figures"
)

func (a Admission) row(when string) []string {
	return []string{
		when, fmt.Sprint(a.Asked.Count), milliseconds(a.Asked.P50), milliseconds(a.Asked.P99),
		milliseconds(a.Unasked.P50), milliseconds(a.Unasked.P99), milliseconds(a.AddedP50), milliseconds(a.AddedP99),
		fmt.Sprint(a.Unassigned),
	}
}

func (a Assignment) text(b *strings.Builder, sizes Sizes) {
	b.WriteString("### How objects get their shard\n\n")
	fmt.Fprintf(b, "- webhook unreachable, %d objects at %d/s, from the request to create them until a watch told their shard: p50 %s, p99 %s, max %s; never: %d\n",
		a.Muted.Count, sizes.Rate, milliseconds(a.Muted.P50), milliseconds(a.Muted.P99), milliseconds(a.Muted.Max), a.Muted.Unfinished)
	for _, assigned := range []Assigned{a.Steady, a.Rushed} {
		fmt.Fprintf(b, "- webhook answering, %d objects at %.0f/s: %d assigned by it (%.2f %%)\n",
			assigned.Created, assigned.PerSecond, assigned.ByWebhook, 100*assigned.Share())
	}
	b.WriteString("\n")
}

func (f Footprint) text(b *strings.Builder) {
	b.WriteString("### What the sharder needs at rest\n\n")
	header := []string{"objects", "rings", "instance", "RSS", "its own", "live heap", "heap in use", "Go's memory", "goroutines", "CPU since start", "CPU a minute"}
	var rows [][]string
	for _, need := range slices.Concat(f.ByObjects, f.ByRings) {
		for _, instance := range need.Instances {
			rows = append(rows, append([]string{fmt.Sprint(need.Objects), fmt.Sprint(need.Rings)}, instance.row()...))
		}
	}
	figures.Table(b, header, rows)
	if len(f.ByObjects) > 1 {
		rss, live := f.Slope()
		fmt.Fprintf(b, "- for each further object, the instance that leads needs %.0f bytes of RSS, %.1f bytes of live heap\n\n", rss, live)
	}
}

func (i Instance) row() []string {
	name := i.Instance
	if i.Leads {
		name += " (leads)"
	}
	own := "-"
	if i.Anonymous > 0 {
		own = megabytes(i.Anonymous)
	}
	return []string{
		name, megabytes(i.RSS), own, megabytes(i.LiveHeap), megabytes(i.HeapInUse), megabytes(i.Sys), fmt.Sprint(i.Goroutines),
		fmt.Sprintf("%.2f s", i.CPU), fmt.Sprintf("%.2f s", i.RestCPU),
	}
}

func (c Churn) text(b *strings.Builder) {
	fmt.Fprintf(b, "### %d rings come, change and go\n\n", c.Rings)
	header := []string{"when", "instance", "RSS", "its own", "live heap", "heap in use", "Go's memory", "goroutines", "CPU since start", "CPU a minute"}
	var rows [][]string
	for _, at := range []struct {
		when      string
		instances []Instance
	}{{"before", c.Before}, {fmt.Sprintf("with %d of them", min(c.Rings, churnedAtOnce)), c.During}, {"after", c.After}} {
		for _, instance := range at.instances {
			rows = append(rows, append([]string{at.when}, instance.row()...))
		}
	}
	figures.Table(b, header, rows)
}

func (j Join) row() []string {
	perMoved := func(count int) string {
		if j.Moved == 0 {
			return "-"
		}
		return fmt.Sprintf("%.2f", float64(count)/float64(j.Moved))
	}
	toIdeal := "-"
	if j.Ideal > 0 {
		toIdeal = fmt.Sprintf("%.3f", float64(j.Moved)/j.Ideal)
	}
	return []string{
		fmt.Sprint(j.Objects), optional(j.Settled), fmt.Sprint(j.Moved), fmt.Sprint(j.Minimum), toIdeal, perMoved(j.SharderWrites),
		perMoved(j.ShardWrites), fmt.Sprint(j.Refused), fmt.Sprint(j.Requests),
	}
}

func (w Websites) text(b *strings.Builder) error {
	if err := w.Report.Text(b); err != nil {
		return err
	}
	for _, scenario := range slices.Sorted(maps.Keys(w.Requests)) {
		fmt.Fprintf(b, "- %s: the sharder sent %d requests, to read and to renew its lease, too\n", scenario, w.Requests[scenario])
	}
	b.WriteString("\n")
	return nil
}

func milliseconds(seconds float64) string { return fmt.Sprintf("%.2f ms", 1000*seconds) }

func megabytes(bytes uint64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

func optional(seconds *float64) string {
	if seconds == nil {
		return "-"
	}
	return fmt.Sprintf("%.2f s", *seconds)
}
