// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"
)

// Summary is what became of all queries, for people and programs.
type Summary struct {
	Start   time.Time      `json:"start"`
	End     time.Time      `json:"end"`
	Queries []QuerySummary `json:"queries"`
	// Met holds if all objectives were met.
	Met bool `json:"met"`
}

// QuerySummary is what became of one query.
type QuerySummary struct {
	Name    string `json:"name"`
	Series  int    `json:"series"`
	Samples int    `json:"samples"`
	// File is empty if the query returned nothing.
	File  string            `json:"file,omitempty"`
	SLO   *ObjectiveSummary `json:"slo,omitempty"`
	Notes []string          `json:"notes,omitempty"`
}

// ObjectiveSummary compares the values of a query with its objective.
type ObjectiveSummary struct {
	Comparison Comparison `json:"comparison"`
	Threshold  float64    `json:"threshold"`
	// Worst is the value that is farthest on the wrong side; nil if it is not a finite number.
	Worst *float64 `json:"worst"`
	Met   bool     `json:"met"`
}

// Summarize says what became of the queries. The files are by name of the query. An optional query that returned nothing
// misses no objective.
func Summarize(start, end time.Time, results []Result, files map[string]string) Summary {
	summary := Summary{Start: start.UTC(), End: end.UTC(), Met: true}
	for _, result := range results {
		of := QuerySummary{
			Name: result.Query.Name, Series: len(result.Values), File: files[result.Query.Name], Notes: result.Notes,
		}
		for _, series := range result.Values {
			of.Samples += len(series.Values)
		}
		if objective := result.Query.Objective; objective != nil && of.Samples > 0 {
			worst := objective.worst(result.Values)
			of.SLO = &ObjectiveSummary{Comparison: objective.Comparison, Threshold: objective.Threshold, Met: objective.met(worst)}
			// JSON has neither infinity nor what is not a number.
			if !math.IsNaN(worst) && !math.IsInf(worst, 0) {
				of.SLO.Worst = &worst
			}
			summary.Met = summary.Met && of.SLO.Met
		}
		summary.Queries = append(summary.Queries, of)
	}
	return summary
}

// JSON writes the summary for programs.
func (s Summary) JSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(s)
}

// Text writes the summary for people.
func (s Summary) Text(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "QUERY\tSERIES\tSAMPLES\tSLO\tFILE")
	for _, query := range s.Queries {
		file := query.File
		if file == "" {
			file = "none: " + strings.Join(query.Notes, "; ")
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\n", query.Name, query.Series, query.Samples, query.SLO, file)
	}
	return table.Flush()
}

// String returns it like "met: 0.8 <= 1"; empty if there is no objective.
func (o *ObjectiveSummary) String() string {
	if o == nil {
		return ""
	}
	verdict, worst := "MISSED", "no finite number"
	if o.Met {
		verdict = "met"
	}
	if o.Worst != nil {
		worst = fmt.Sprintf("%.4g", *o.Worst)
	}
	return fmt.Sprintf("%s: %s %s", verdict, worst, Objective{Comparison: o.Comparison, Threshold: o.Threshold})
}
