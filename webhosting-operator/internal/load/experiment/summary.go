// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/record"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

// Summarize writes a result for people.
func Summarize(out io.Writer, r result.Result) error {
	fmt.Fprintf(out, "%s at scale %v, %s under load\n\n", r.Scenario, r.Scale, r.End.Sub(r.Begin).Round(time.Second))
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "LOAD\tPROMISED\tACHIEVED\tLATE\tFAILED\tANSWERED P50\tP99")
	for _, l := range r.Load {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%.3f s\t%.3f s\n", l.Operation, l.Promised, l.Achieved, l.Late, l.Failed, l.Answered.P50, l.Answered.P99)
	}
	fmt.Fprintln(table, "\t\t\t\t\t\t")
	fmt.Fprintln(table, "LATENCY\tCOUNT\tP50\tP90\tP99\tMAX\tUNFINISHED")
	for _, measure := range record.Measures {
		l := r.Latencies[measure]
		fmt.Fprintf(table, "%s\t%d\t%.3f s\t%.3f s\t%.3f s\t%.3f s\t%d\n", measure, l.Count, l.P50, l.P90, l.P99, l.Max, l.Unfinished)
	}
	if len(r.Capacity) > 0 {
		fmt.Fprintln(table, "\t\t\t\t\t\t")
		fmt.Fprintln(table, "SHARDS\tCAPACITY\tCONCLUSIVE\tSTEPS\t\t\t")
		for _, c := range r.Capacity {
			fmt.Fprintf(table, "%d\t%.4g/s\t%t\t%d\t\t\t\n", c.Shards, c.ChangesPerSecond, c.Conclusive, len(c.Steps))
		}
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nwebsites: %d, %d ready", r.Websites.Total, r.Websites.Ready)
	if len(r.Websites.Shards) > 0 {
		fmt.Fprintf(out, "; on %d shards, max/mean %.3f, %d unassigned", len(r.Websites.Shards), r.Websites.MaxToMean, r.Websites.Unassigned)
	}
	fmt.Fprintln(out)
	for _, d := range r.Disruptions {
		fmt.Fprintf(out, "%s after %s: took %s %s\n", d.Kind+" "+d.Target, d.Begin.Sub(r.Begin).Round(100*time.Millisecond), d.End.Sub(d.Begin).Round(10*time.Millisecond), d.Error)
	}
	for _, reason := range r.Reasons {
		fmt.Fprintf(out, "\nINVALID: %s\n", reason)
	}
	return nil
}
