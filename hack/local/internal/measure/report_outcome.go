// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"fmt"
	"strings"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/figures"
)

// outcomes writes what came of the scenarios.
func outcomes(b *strings.Builder, all []Outcome) {
	figures.Table(b, []string{"scenario", "lease", "new leader", "placed", "taken over", "reconciled", "Ready", "load"}, figures.Rows(all, Outcome.times))
	figures.Table(b, []string{"scenario", "moved", "by the ring", "moved/ideal", "sharder's writes per moved", "left Ready", "unchanged ones"},
		figures.Rows(all, Outcome.moves))
	figures.Table(b, []string{"scenario", "within", "writes", "refused with 409", "share", "otherwise", "refused writes"}, figures.Rows(all, Outcome.refusals))

	var changes [][]string
	for _, outcome := range all {
		if outcome.Churn {
			changes = append(changes, outcome.Changes.row(outcome.Scenario.String()),
				outcome.ChangesOfMoved.row("those of websites that moved"))
		}
	}
	figures.Table(b, []string{
		"changes during", "count", "answered p50", "p99", "handled p50", "p99", "max", "Ready p50", "p99", "max", "never",
	}, changes)
	for _, outcome := range all {
		if outcome.MissedChanges > 0 {
			fmt.Fprintf(b, "- %s: %d changes that were due were not made\n", outcome.Scenario, outcome.MissedChanges)
		}
		for _, note := range outcome.Notes {
			fmt.Fprintf(b, "- %s: %s\n", outcome.Scenario, note)
		}
	}
}

func (o Outcome) times() []string {
	return []string{
		o.Scenario.String(), text(o.Lease), text(o.NewLeader), text(o.Placed), text(o.TakenOver), text(o.Reconciled), text(o.Ready),
		fmt.Sprintf("%.1f", o.Load),
	}
}

func (o Outcome) moves() []string {
	perMoved, toIdeal := "-", "-"
	if o.Moved > 0 {
		perMoved = fmt.Sprintf("%.2f", float64(o.Writes.SharderOnWebsites)/float64(o.Moved))
	}
	if o.Ideal > 0 {
		toIdeal = fmt.Sprintf("%.3f", float64(o.Moved)/o.Ideal)
	}
	return []string{
		o.Scenario.String(), fmt.Sprint(o.Moved), fmt.Sprint(o.Minimum), toIdeal, perMoved, fmt.Sprint(o.Flapped),
		fmt.Sprint(o.FlappedUnchanged),
	}
}

func (o Outcome) refusals() []string {
	var refused []string
	for _, kind := range o.Writes.Kinds {
		if codes := kind.refusals(); codes != "" {
			refused = append(refused, fmt.Sprintf("%s %s %s: %s", kind.By, kind.Verb, kind.Resource, codes))
		}
	}
	return []string{
		o.Scenario.String(), fmt.Sprintf("%.1f s", o.Window), fmt.Sprint(o.Writes.Operator), fmt.Sprint(o.Writes.Conflicts),
		fmt.Sprintf("%.2f %%", 100*o.Writes.ConflictShare()), fmt.Sprint(o.Writes.OtherRefusals), strings.Join(refused, "; "),
	}
}

func (c Changes) row(name string) []string {
	figure := func(seconds float64) string { return fmt.Sprintf("%.2f s", seconds) }
	return []string{
		name, fmt.Sprint(c.Answered.Count), figure(c.Answered.P50), figure(c.Answered.P99),
		figure(c.Handled.P50), figure(c.Handled.P99), figure(c.Handled.Max),
		figure(c.Ready.P50), figure(c.Ready.P99), figure(c.Ready.Max), fmt.Sprint(c.Ready.Unfinished),
	}
}
