// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/figures"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
)

// Report is everything that was measured.
type Report struct {
	Machine  machine.Machine `json:"machine"`
	Websites int             `json:"websites"`
	Shards   int             `json:"shards"`
	Churn    int             `json:"churnPerSecond"`
	Seed     uint64          `json:"seed"`
	// LeaseSeconds are the durations of the operator's leases by name.
	LeaseSeconds map[string]int32 `json:"leaseSeconds,omitempty"`
	Fills        []Fill           `json:"fills"`
	Changes      []Outcome        `json:"changes"`
}

// JSON writes the report for programs.
func (r Report) JSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// Text writes the report for people: tables in Markdown.
func (r Report) Text(out io.Writer) error {
	var b strings.Builder
	r.facts(&b)
	for _, fill := range r.Fills {
		fill.text(&b, r.Websites)
	}
	if len(r.Changes) > 0 {
		b.WriteString("### Shards leave, crash and join\n\n")
		outcomes(&b, r.Changes)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

func (r Report) facts(b *strings.Builder) {
	fmt.Fprintf(b, "- %d websites without workload in %d projects, %d shards, changes: %d/s (seed %d)\n",
		r.Websites, projects, r.Shards, r.Churn, r.Seed)
	fmt.Fprintf(b, "- %s\n", r.Machine)
	byDuration := map[int32][]string{}
	for name, duration := range r.LeaseSeconds {
		byDuration[duration] = append(byDuration[duration], name)
	}
	for _, duration := range sortedKeys(byDuration) {
		fmt.Fprintf(b, "- leases of %d s: %s\n", duration, strings.Join(slices.Sorted(slices.Values(byDuration[duration])), ", "))
	}
	b.WriteString("\n")
}

func (f Fill) text(b *strings.Builder, websites int) {
	fmt.Fprintf(b, "### Filling, %s\n\n", f.Setup)
	fmt.Fprintf(b, "- created within %.1f s (each p50 %.0f ms, p99 %.0f ms), all Ready after %s\n",
		f.Created, f.Create.P50*1000, f.Create.P99*1000, text(f.Ready))
	fmt.Fprintf(b, "- left Ready though nobody changed them: %d\n", f.Flapped)
	fmt.Fprintf(b, "- writes of the operator: %d (%.2f a website), refused with 409: %d (%.2f %%), otherwise: %d\n",
		f.Writes.Operator, float64(f.Writes.Operator)/float64(websites), f.Writes.Conflicts, 100*f.Writes.ConflictShare(),
		f.Writes.OtherRefusals)
	if len(f.Spread.Shards) > 0 {
		fmt.Fprintf(b, "- websites per shard: %s; max/mean %.3f\n", countsText(f.Spread.Shards), f.Spread.MaxToMean)
	}
	b.WriteString("\n")
	figures.Table(b, []string{"instance", "RSS", "CPU while filling"}, figures.Rows(f.Usage, usageRow))
	figures.Table(b, []string{"by", "request", "count", "per website", "refused"},
		figures.Rows(f.Writes.Kinds, func(kind WriteKind) []string { return kind.row(websites) }))
}

func usageRow(u machine.Usage) []string {
	name := u.Instance
	if u.Leads {
		name += " (leads)"
	}
	return []string{name, fmt.Sprintf("%.0f MB", float64(u.RSS)/1e6), fmt.Sprintf("%.1f s", u.CPU)}
}

func (k WriteKind) row(websites int) []string {
	return []string{
		k.By, k.Verb + " " + k.Resource, fmt.Sprint(k.Count), fmt.Sprintf("%.2f", float64(k.Count)/float64(websites)), k.refusals(),
	}
}

// refusals tells how many were refused, by code; it is empty if none was.
func (k WriteKind) refusals() string {
	var refused []string
	for _, code := range sortedKeys(k.Refused) {
		refused = append(refused, fmt.Sprintf("%d with %d", k.Refused[code], code))
	}
	return strings.Join(refused, ", ")
}
