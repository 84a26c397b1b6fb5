// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation"
)

// report is an evaluation in words.
type report struct {
	About    evaluation.About
	Machine  string
	Begin    string
	Columns  []string
	Invalid  []invalid
	Remarks  []string
	Rows     []row
	Capacity []row
	Settings []row
}

type invalid struct{ Name, Reasons string }

type row struct {
	Name  string
	Cells []cell
}

type cell struct{ Text, Ratio string }

func newReport(e evaluation.Evaluation) report {
	r := report{
		About: e.About, Machine: e.About.Machine.String(), Begin: e.About.Begin.UTC().Format(time.DateTime) + " UTC",
		Remarks: remarks(e),
	}
	for _, setup := range e.Setups {
		column := setup.Name
		if !setup.Result.Valid {
			column += " (INVALID)"
			r.Invalid = append(r.Invalid, invalid{Name: setup.Name, Reasons: strings.Join(setup.Result.Reasons, "; ")})
		}
		r.Columns = append(r.Columns, column)
	}
	for _, compared := range e.Compare() {
		of := row{Name: compared.Name}
		for _, value := range compared.Values {
			of.Cells = append(of.Cells, cellOf(compared.Unit, value))
		}
		r.Rows = append(r.Rows, of)
	}
	r.Capacity = capacity(e)
	r.Settings = settings(e)
	return r
}

func remarks(e evaluation.Evaluation) []string {
	about := e.About
	var all []string
	if slices.Contains(about.Setups, evaluation.Baseline) && len(about.Setups) > 1 {
		all = append(all, fmt.Sprintf("Percentages in brackets are relative to the %s.", evaluation.Baseline))
	}
	all = append(all, fmt.Sprintf(
		"CPU, memory and bytes are the processes' own figures, scraped every %g s, of the whole load; but memory is the mean of "+
			"its last phase, when most websites are there. Memory in use is what the Go runtime holds and needs; bytes are those "+
			"in the bodies of requests and answers. Latencies are seen from outside, by a watch, but the time "+
			"in the queue, which is known only as far as whether it is above 0.1, 1 or 10 s.", about.ScrapeInterval))
	if about.CPU > 0 {
		all = append(all, fmt.Sprintf(
			"Each instance was held to %g processors by a control group; the most that any of them used is %.3f.", about.CPU, e.MostCPU()))
	}
	if about.Profiled {
		all = append(all, "Profiles were taken meanwhile, which costs processor time: compare with other runs of this kind only.")
	}
	return all
}

func cellOf(unit evaluation.Unit, value evaluation.Value) cell {
	if !value.Known {
		return cell{Text: "–"}
	}
	var c cell
	switch unit {
	case evaluation.Bytes:
		c.Text = fmt.Sprintf("%.1f MB", value.Number/1e6)
	case evaluation.Seconds:
		c.Text = seconds(value.Number)
	case evaluation.Factor:
		c.Text = fmt.Sprintf("%.3f", value.Number)
	case evaluation.Part:
		c.Text = fmt.Sprintf("%.2f %%", 100*value.Number)
	default:
		c.Text = fmt.Sprintf("%.0f", value.Number)
	}
	if value.Ratio > 0 && unit != evaluation.Factor && unit != evaluation.Part {
		c.Ratio = fmt.Sprintf("(%.1f %%)", 100*value.Ratio)
	}
	return c
}

// seconds writes short times in milliseconds.
func seconds(number float64) string {
	if number < 1 {
		return fmt.Sprintf("%.0f ms", 1000*number)
	}
	return fmt.Sprintf("%.2f s", number)
}

// capacity compares the capacities by number of shards, with the factor over the fewest of the same set-up.
func capacity(e evaluation.Evaluation) []row {
	counts := map[int]bool{}
	for _, setup := range e.Setups {
		for _, c := range setup.Result.Capacity {
			counts[c.Shards] = true
		}
	}
	var rows []row
	for _, shards := range slices.Sorted(maps.Keys(counts)) {
		of := row{Name: strconv.Itoa(shards)}
		for _, setup := range e.Setups {
			of.Cells = append(of.Cells, capacityOf(setup, shards))
		}
		rows = append(rows, of)
	}
	return rows
}

func capacityOf(setup evaluation.Setup, shards int) cell {
	i := slices.IndexFunc(setup.Result.Capacity, func(c evaluation.Capacity) bool { return c.Shards == shards })
	if i < 0 {
		return cell{Text: "–"}
	}
	c, first := setup.Result.Capacity[i], setup.Result.Capacity[0]
	of := cell{Text: fmt.Sprintf("%.4g/s", c.ChangesPerSecond)}
	if !c.Conclusive {
		of.Text = "at least " + of.Text
	}
	if first.ChangesPerSecond > 0 && i > 0 && setup.Result.Valid {
		of.Ratio = fmt.Sprintf("(%.2f ×)", c.ChangesPerSecond/first.ChangesPerSecond)
	}
	return of
}

// settings are what the runs were told, and the versions that they used.
func settings(e evaluation.Evaluation) []row {
	rows := []row{{Name: "begin"}, {Name: "end"}, {Name: "scale"}, {Name: "seed"}}
	names := map[string]bool{}
	for _, setup := range e.Setups {
		rows[0].Cells = append(rows[0].Cells, cell{Text: setup.Result.Begin.UTC().Format(time.TimeOnly)})
		rows[1].Cells = append(rows[1].Cells, cell{Text: setup.Result.End.UTC().Format(time.TimeOnly)})
		rows[2].Cells = append(rows[2].Cells, cell{Text: strconv.FormatFloat(e.About.Scale, 'g', -1, 64)})
		rows[3].Cells = append(rows[3].Cells, cell{Text: strconv.FormatUint(e.About.Seed, 10)})
		for name := range setup.Result.Settings {
			names[name] = true
		}
		for name := range setup.Result.Versions {
			names["version of "+name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		of := row{Name: name}
		for _, setup := range e.Setups {
			text := setup.Result.Settings[name]
			if program, ok := strings.CutPrefix(name, "version of "); ok {
				text = setup.Result.Versions[program]
			}
			of.Cells = append(of.Cells, cell{Text: text})
		}
		rows = append(rows, of)
	}
	return rows
}
