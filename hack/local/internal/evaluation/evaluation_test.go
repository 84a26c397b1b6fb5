// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluation_test

import (
	"testing"
	"testing/fstest"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation/evaluationtest"
)

func read(t *testing.T, folder fstest.MapFS) evaluation.Evaluation {
	t.Helper()
	e, err := evaluation.Read(folder)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return e
}

func row(t *testing.T, e evaluation.Evaluation, name string) []evaluation.Value {
	t.Helper()
	for _, row := range e.Compare() {
		if row.Name == name {
			return row.Values
		}
	}
	return nil
}

func TestSetupsAreCompared(t *testing.T) {
	g := NewWithT(t)
	e := read(t, evaluationtest.Folder(true))
	known := func(number, ratio float64) any {
		return And(HaveField("Known", true), HaveField("Number", BeNumerically("~", number)), HaveField("Ratio", BeNumerically("~", ratio)))
	}
	unknown := HaveField("Known", false)
	for name, expected := range map[string][]any{
		"CPU time, all processes":             {known(20, 1), known(21.5, 1.075)},
		"CPU time, busiest process":           {known(20, 1), known(11, 0.55)},
		"CPU time, sharder apart":             {unknown, known(0.5, 0)},
		"CPU time, part of the sharder apart": {unknown, known(0.5/21.5, 0)},
		"writes, part refused with 409":       {known(1.0/6, 1), known(3.0/18, 1)},
		"requests":                            {known(18, 1), known(54, 3)},
		"writes, leases aside":                {known(6, 1), known(18, 3)},
		"writes refused with 409":             {known(1, 1), known(3, 3)},
		"change to Ready, p99":                {known(1.5, 1), known(1.5, 1)},
		"creating request, p50":               {known(0.004, 1), known(0.004, 1)},
		"websites per shard, max/mean":        {unknown, known(1.02, 0)},
	} {
		g.Expect(row(t, e, name)).To(HaveExactElements(expected...), name)
	}
	g.Expect(row(t, e, "RSS, all processes, hold")).To(BeEmpty(), "about which nothing is known")
}

func TestInvalidRunsAreNotCompared(t *testing.T) {
	g := NewWithT(t)
	e := read(t, evaluationtest.Folder(false))
	values := row(t, e, "CPU time, all processes")
	g.Expect(values[1]).To(And(HaveField("Known", true), HaveField("Ratio", 0.0)))
	g.Expect(values[0].Ratio).To(Equal(1.0))
}

func TestFigures(t *testing.T) {
	g := NewWithT(t)
	figures := map[string]evaluation.Chart{}
	for _, figure := range read(t, evaluationtest.Folder(true)).Figures() {
		figures[figure.Name] = figure.Chart
	}
	g.Expect(figures).To(HaveLen(2 + 2 + 1 + 2)) // CPU, websites, distribution (creations have one point), capacity

	cpu := figures["cpu-dedicated"]
	g.Expect(cpu.Stacked).To(BeTrue())
	g.Expect(cpu.Lines).To(HaveExactElements(HaveField("Name", "shard 0"), HaveField("Name", "shard 1"), HaveField("Name", "sharder-0")))
	g.Expect(cpu.Lines[0].Points).To(Equal([]evaluation.Point{{X: 0, Y: 0.11}, {X: 1, Y: 0.11}, {X: 2, Y: 0.11}}))
	g.Expect(cpu.Reference.Name).To(Equal("singleton"))
	g.Expect(cpu.Reference.Points[0].Y).To(BeNumerically("~", 0.2))
	g.Expect(cpu.YMax).To(And(Equal(figures["cpu-singleton"].YMax), BeNumerically("~", 0.215*1.05)))

	// Who has no value when others have one has none of the websites.
	websites := figures["websites-singleton"]
	g.Expect(websites.Lines).To(HaveExactElements(HaveField("Name", "a"), HaveField("Name", "b"), HaveField("Name", "no shard")))
	g.Expect(websites.Lines[2].Points).To(HaveExactElements(HaveField("Y", 2.0), HaveField("Y", 0.0)))

	g.Expect(figures["distribution-changeToReady"].LogX).To(BeTrue())
	g.Expect(figures["distribution-changeToReady"].Lines).To(HaveLen(2))
	g.Expect(figures["capacity-dedicated"].Reference.Points).To(Equal([]evaluation.Point{{X: 1, Y: 10}, {X: 2, Y: 20}}))
}

func TestBrokenFolders(t *testing.T) {
	for name, c := range map[string]struct {
		change func(fstest.MapFS)
		errors []string
	}{
		"no evaluation":      {func(f fstest.MapFS) { delete(f, "evaluation.json") }, []string{"evaluation.json"}},
		"a set-up is gone":   {func(f fstest.MapFS) { delete(f, "dedicated/load/result.json") }, []string{"dedicated", "result.json"}},
		"half a result":      {func(f fstest.MapFS) { f["singleton/load/result.json"].Data = []byte(`{"valid"`) }, []string{"singleton", "result.json"}},
		"an empty table":     {func(f fstest.MapFS) { f["singleton/metrics/cpu.csv"].Data = nil }, []string{"cpu.csv"}},
		"a line is too long": {func(f fstest.MapFS) { f["singleton/metrics/cpu.csv"].Data = []byte("time,value\na,b,c\n") }, []string{"cpu.csv", "line 2"}},
		"no time":            {func(f fstest.MapFS) { f["singleton/metrics/cpu.csv"].Data = []byte("time,value\nnoon,1\n") }, []string{"cpu.csv", "line 2", "noon"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			folder := evaluationtest.Folder(true)
			c.change(folder)
			_, err := evaluation.Read(folder)
			for _, message := range c.errors {
				g.Expect(err).To(MatchError(ContainSubstring(message)))
			}
		})
	}
}
