// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluation

import (
	"maps"
	"slices"
)

// Unit says how the values of a row are written.
type Unit string

// What the values are: seconds, mebibytes, numbers of things, or ratios.
const (
	Seconds Unit = "s"
	Bytes   Unit = "MB"
	Count   Unit = ""
	// Factor is relative to something that the row names.
	Factor Unit = "×"
	// Part is of something that the row names: 1 is all of it.
	Part Unit = "%"
)

// Row compares the set-ups by one number.
type Row struct {
	Name string
	Unit Unit
	// Values are in the order of the set-ups.
	Values []Value
}

// Value is the number of one set-up.
type Value struct {
	// Known is false where it was not measured, or makes no sense.
	Known  bool
	Number float64
	// Ratio is relative to the Baseline; 0 where one of the two is not known, or must not be compared because its run is
	// invalid.
	Ratio float64
}

// pick returns the number of a set-up, and whether it is known.
type pick func(Setup) (float64, bool)

// compared is every row, in order.
var compared = []struct {
	name string
	unit Unit
	pick pick
}{
	{"CPU time, all processes", Seconds, total("cpu-seconds", anything)},
	{"CPU time, busiest process", Seconds, largest("cpu-seconds", anything)},
	{"CPU time, sharder apart", Seconds, total("cpu-seconds", ofSharder)},
	{"CPU time, part of the sharder apart", Part, part(total("cpu-seconds", ofSharder), total("cpu-seconds", anything))},
	{"memory in use, all processes, hold", Bytes, total("memory-in-use-mean", anything)},
	{"memory in use, largest process, hold", Bytes, largest("memory-in-use-mean", anything)},
	{"RSS, all processes, hold", Bytes, total("memory-rss-mean", anything)},
	{"RSS, largest process, hold", Bytes, largest("memory-rss-mean", anything)},
	{"bytes received, all processes", Bytes, total("received-bytes", anything)},
	{"bytes received, busiest process", Bytes, largest("received-bytes", anything)},
	{"bytes sent, all processes", Bytes, total("sent-bytes", anything)},
	{"requests", Count, total("requests", anything)},
	{"writes, leases aside", Count, total("requests", isWrite)},
	{"writes refused with 409", Count, total("requests", isConflict)},
	{"writes, part refused with 409", Part, part(total("requests", isConflict), total("requests", isWrite))},
	{"change to Ready, p50", Seconds, latency("changeToReady", func(l Latency) float64 { return l.P50 })},
	{"change to Ready, p99", Seconds, latency("changeToReady", func(l Latency) float64 { return l.P99 })},
	{"creation to Ready, p50", Seconds, latency("createToReady", func(l Latency) float64 { return l.P50 })},
	{"creation to Ready, p99", Seconds, latency("createToReady", func(l Latency) float64 { return l.P99 })},
	{"time without a shard, p99", Seconds, latency("unassigned", func(l Latency) float64 { return l.P99 })},
	{"time in the queue, p99", Seconds, total("queue-p99", anything)},
	{"creating request, p50", Seconds, creation(func(l Latency) float64 { return l.P50 })},
	{"creating request, p99", Seconds, creation(func(l Latency) float64 { return l.P99 })},
	{"websites in the end", Count, func(s Setup) (float64, bool) { return float64(s.Result.Websites.Total), true }},
	{"websites per shard, max/mean", Factor, func(s Setup) (float64, bool) {
		return s.Result.Websites.MaxToMean, s.Result.Websites.MaxToMean > 0
	}},
	{"CPU time a minute, idle, all processes", Seconds, total("idle-cpu", anything)},
	{"RSS, idle, largest instance of the operator", Bytes, largest("idle-rss", ofOperator)},
	{"RSS, idle, largest sharder", Bytes, largest("idle-rss", ofSharder)},
	{"requests a minute, idle, leases aside", Count, total("idle-requests", isOwn)},
}

// Compare returns the rows about which at least one set-up knows something.
func (e Evaluation) Compare() []Row {
	baseline := slices.IndexFunc(e.Setups, func(s Setup) bool { return s.Name == Baseline && s.Result.Valid })
	var rows []Row
	for _, c := range compared {
		row := Row{Name: c.name, Unit: c.unit}
		known := false
		for _, setup := range e.Setups {
			number, ok := c.pick(setup)
			row.Values = append(row.Values, Value{Known: ok, Number: number})
			known = known || ok
		}
		for i := range row.Values {
			if baseline >= 0 && row.Values[baseline].Number > 0 && row.Values[i].Known && e.Setups[i].Result.Valid {
				row.Values[i].Ratio = row.Values[i].Number / row.Values[baseline].Number
			}
		}
		if known {
			rows = append(rows, row)
		}
	}
	return rows
}

// MostCPU is the most processors that any process used at any time.
func (e Evaluation) MostCPU() float64 {
	most := 0.0
	for _, setup := range e.Setups {
		table := setup.Tables["cpu"]
		for row := range table.rows {
			most = max(most, table.number(row, "value"))
		}
	}
	return most
}

func anything(Table, int) bool { return true }

func ofOperator(t Table, row int) bool { return t.text(row, "component") == "operator" }

func ofSharder(t Table, row int) bool { return t.text(row, "component") == "sharder" }

func isWrite(t Table, row int) bool {
	verbs := []string{"create", "update", "patch", "delete", "deletecollection"}
	return slices.Contains(verbs, t.text(row, "verb")) && isOwn(t, row)
}

// isOwn leaves out leases, and reviews, which are questions about who scrapes that are asked by writing.
func isOwn(t Table, row int) bool {
	return !slices.Contains([]string{"leases", "tokenreviews", "subjectaccessreviews"}, t.text(row, "resource"))
}

func isConflict(t Table, row int) bool { return isWrite(t, row) && t.text(row, "code") == "409" }

// total adds up the values of a table that match. Where there are values but none matches, the total is known to be 0, unless
// it is about a component that does not run.
func total(table string, match func(Table, int) bool) pick {
	return func(s Setup) (float64, bool) {
		t, ok := s.Tables[table]
		sum, matched := 0.0, false
		for row := range t.rows {
			if match(t, row) {
				sum, matched = sum+t.number(row, "value"), true
			}
		}
		return sum, matched || ok && slices.Contains(t.columns, "code")
	}
}

// part returns what part of another number a number is.
func part(of, all pick) pick {
	return func(s Setup) (float64, bool) {
		number, known := of(s)
		whole, ok := all(s)
		if !known || !ok || whole == 0 {
			return 0, false
		}
		return number / whole, true
	}
}

// largest returns the sum of the process that has the largest, of those whose rows match.
func largest(table string, match func(Table, int) bool) pick {
	return func(s Setup) (float64, bool) {
		t, sums := s.Tables[table], map[string]float64{}
		for row := range t.rows {
			if match(t, row) {
				sums[t.text(row, "instance")] += t.number(row, "value")
			}
		}
		if len(sums) == 0 {
			return 0, false
		}
		return slices.Max(slices.Collect(maps.Values(sums))), true
	}
}

func latency(measure string, of func(Latency) float64) pick {
	return func(s Setup) (float64, bool) {
		l, ok := s.Result.Latencies[measure]
		return of(l), ok && l.Count > 0
	}
}

func creation(of func(Latency) float64) pick {
	return func(s Setup) (float64, bool) {
		i := slices.IndexFunc(s.Result.Load, func(l Load) bool { return l.Operation == "create" })
		if i < 0 || s.Result.Load[i].Answered.Count == 0 {
			return 0, false
		}
		return of(s.Result.Load[i].Answered), true
	}
}
