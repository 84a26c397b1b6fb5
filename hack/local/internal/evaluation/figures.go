// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluation

import (
	"maps"
	"slices"
	"strings"
)

// Figure is a chart with a name, which is fit for a file.
type Figure struct {
	Name  string
	Chart Chart
}

// Chart is what is drawn: lines, or areas on top of each other.
type Chart struct {
	Title, X, Y string
	Lines       []Line
	// Stacked lines share their X values; each lies on those before it.
	Stacked bool
	// Reference is drawn above them for comparison; nil if there is none.
	Reference *Line
	// YMax is where the axis ends, so that charts beside each other can be compared; 0 where that is open.
	YMax float64
	// LogX has each decade of X take the same room.
	LogX bool
}

// Line is one line or area of a chart.
type Line struct {
	Name   string
	Points []Point
}

// Point is a point of a line.
type Point struct{ X, Y float64 }

// perProcess are the charts of each set-up that show a sum by process.
var perProcess = []struct {
	table, title, unit string
	scale              float64
}{
	{"cpu", "CPU", "processors", 1},
	{"memory-in-use", "Memory in use", "MB", 1e6},
	{"memory-rss", "RSS", "MB", 1e6},
	{"network-received", "Bytes received", "MB/s", 1e6},
	{"network-sent", "Bytes sent", "MB/s", 1e6},
	{"requests-rate", "Requests", "per second", 1},
}

// Figures returns all that is drawn. Charts about which nothing is known are left out.
func (e Evaluation) Figures() []Figure {
	var figures []Figure
	for _, kind := range perProcess {
		figures = append(figures, e.stacked(kind.table, kind.title, kind.unit, kind.scale)...)
	}
	figures = append(figures, e.websites()...)
	for _, setup := range e.Setups {
		figures = append(figures, setup.load()...)
	}
	for _, setup := range e.Setups {
		figures = append(figures, setup.latencies()...)
	}
	figures = append(figures, e.distributions()...)
	return append(figures, e.capacity()...)
}

// stacked returns a chart for each set-up, all with the same axis.
func (e Evaluation) stacked(table, title, unit string, scale float64) []Figure {
	var figures []Figure
	most := 0.0
	var reference *Line
	for _, setup := range e.Setups {
		lines := setup.lines(table, "instance", "value", scale)
		if len(lines) == 0 {
			continue
		}
		sum := sumOf(lines)
		for _, point := range sum.Points {
			most = max(most, point.Y)
		}
		chart := Chart{Title: title + ", " + setup.Name, X: "minutes", Y: unit, Lines: lines, Stacked: true, Reference: reference}
		if setup.Name == Baseline {
			sum.Name = Baseline
			reference = &sum
		}
		figures = append(figures, Figure{Name: table + "-" + setup.Name, Chart: chart})
	}
	for i := range figures {
		figures[i].Chart.YMax = most * 1.05
	}
	return figures
}

func (e Evaluation) websites() []Figure {
	var figures []Figure
	for _, setup := range e.Setups {
		lines := setup.lines("websites", "shard", "websites", 1)
		if len(lines) > 0 {
			if lines[0].Name == "" {
				// At the end, so that shards have the same colours as in other figures.
				lines[0].Name = "no shard"
				lines = append(lines[1:], lines[0])
			}
			figures = append(figures, Figure{Name: "websites-" + setup.Name, Chart: Chart{
				Title: "Websites per shard, " + setup.Name, X: "minutes", Y: "websites", Lines: lines, Stacked: true,
			}})
		}
	}
	return figures
}

func (s Setup) load() []Figure {
	var lines []Line
	for _, line := range s.lines("load", "operation", "achieved_per_second", 1) {
		if line.Name != "changeTheme" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return []Figure{{Name: "load-" + s.Name, Chart: Chart{Title: "Load, " + s.Name, X: "minutes", Y: "per second", Lines: lines}}}
}

func (s Setup) latencies() []Figure {
	shown := map[string]string{"createToReady": "create to Ready", "changeToReady": "change to Ready", "unassigned": "no shard"}
	var lines []Line
	for _, line := range s.lines("latencies", "measure", "p99_seconds", 1) {
		if name, ok := shown[line.Name]; ok {
			lines = append(lines, Line{Name: name, Points: line.Points})
		}
	}
	if len(lines) == 0 {
		return nil
	}
	return []Figure{{Name: "latencies-" + s.Name, Chart: Chart{Title: "Latencies, p99, " + s.Name, X: "minutes", Y: "seconds", Lines: lines}}}
}

// distributions compares how long it took from a change until the website was Ready, and from a creation.
func (e Evaluation) distributions() []Figure {
	var figures []Figure
	for _, measure := range []struct{ name, title string }{{"changeToReady", "Change to Ready"}, {"createToReady", "Creation to Ready"}} {
		chart := Chart{Title: measure.title, X: "seconds", Y: "part that took no longer", YMax: 1, LogX: true}
		for _, setup := range e.Setups {
			table := setup.Tables["distribution"]
			line := Line{Name: setup.Name}
			for row := range table.rows {
				if seconds := table.number(row, "seconds"); table.text(row, "measure") == measure.name && seconds > 0 {
					line.Points = append(line.Points, Point{X: seconds, Y: table.number(row, "part")})
				}
			}
			if len(line.Points) > 1 {
				chart.Lines = append(chart.Lines, line)
			}
		}
		if len(chart.Lines) > 0 {
			figures = append(figures, Figure{Name: "distribution-" + measure.name, Chart: chart})
		}
	}
	return figures
}

// capacity shows what more shards bear, and what that would be if each bore as much as one alone.
func (e Evaluation) capacity() []Figure {
	var figures []Figure
	for _, setup := range e.Setups {
		line, ideal := Line{Name: "measured"}, &Line{Name: "ideal"}
		for _, c := range setup.Result.Capacity {
			line.Points = append(line.Points, Point{X: float64(c.Shards), Y: c.ChangesPerSecond})
			if first := setup.Result.Capacity[0]; first.Shards > 0 {
				ideal.Points = append(ideal.Points, Point{X: float64(c.Shards), Y: first.ChangesPerSecond / float64(first.Shards) * float64(c.Shards)})
			}
		}
		if len(line.Points) > 0 {
			figures = append(figures, Figure{Name: "capacity-" + setup.Name, Chart: Chart{
				Title: "Capacity, " + setup.Name, X: "shards", Y: "changes per second", Lines: []Line{line}, Reference: ideal,
			}})
		}
	}
	return figures
}

// lines returns the rows of a table as lines, one for each value of a column, by minutes since the load began. Where one has
// no value when another one has, it is 0.
func (s Setup) lines(table, by, value string, scale float64) []Line {
	t := s.Tables[table]
	values := map[string]map[float64]float64{}
	times := map[float64]bool{}
	for row := range t.rows {
		at := t.time(row).Sub(s.Result.Begin).Minutes()
		if at < 0 {
			continue
		}
		name := shorten(t.text(row, by))
		if values[name] == nil {
			values[name] = map[float64]float64{}
		}
		values[name][at] += t.number(row, value) / scale
		times[at] = true
	}
	var lines []Line
	for _, name := range slices.Sorted(maps.Keys(values)) {
		line := Line{Name: name}
		for _, at := range slices.Sorted(maps.Keys(times)) {
			line.Points = append(line.Points, Point{X: at, Y: values[name][at]})
		}
		lines = append(lines, line)
	}
	return lines
}

// operatorName is the name of the singleton, and what the names of shards begin with.
const operatorName = "webhosting-operator"

// shorten makes the names of processes fit into legends, and brings shards before sharders, so that the same shard has the
// same colour in all set-ups.
func shorten(name string) string {
	if name == operatorName {
		return "operator"
	}
	if shard, ok := strings.CutPrefix(name, operatorName+"-"); ok {
		return "shard " + shard
	}
	return name
}

// sumOf adds up lines that share their X values.
func sumOf(lines []Line) Line {
	var sum Line
	for i, line := range lines {
		for j, point := range line.Points {
			if i == 0 {
				sum.Points = append(sum.Points, point)
			} else {
				sum.Points[j].Y += point.Y
			}
		}
	}
	return sum
}
