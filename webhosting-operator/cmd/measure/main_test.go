// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/measure"
)

var now = time.Date(2026, 1, 5, 10, 0, 0, 0, time.UTC)

// prometheus answers by the query; what it does not know returns nothing.
func prometheus(t *testing.T, answers map[string]string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(writer http.ResponseWriter, request *http.Request) {
		writer.Header().Set("Content-Type", "application/json")
		query := request.FormValue("query")
		switch {
		case query == "sum(":
			writer.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(writer, `{"status":"error","errorType":"bad_data","error":"1:5: parse error: unclosed left parenthesis"}`)
		case request.URL.Path == "/api/v1/query_range":
			result := "[]"
			if answer, ok := answers[query+" "+request.FormValue("start")+" "+request.FormValue("step")]; ok {
				result = answer
			}
			fmt.Fprintf(writer, `{"status":"success","data":{"resultType":"matrix","result":%s}}`, result)
		default:
			result := "[]"
			if answer, ok := answers[query+" "+request.FormValue("time")]; ok {
				result = answer
			}
			fmt.Fprintf(writer, `{"status":"success","data":{"resultType":"vector","result":%s}}`, result)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

const (
	start = "1767606300" // 2026-01-05T09:45:00Z
	end   = "1767607200" // 2026-01-05T10:00:00Z
)

// measured runs the command on a file of queries, and returns what it printed, its exit code, and its folder of results.
func measured(t *testing.T, url, queries string, arguments ...string) (stdout string, code int, folder string, err error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "queries.yaml")
	NewWithT(t).Expect(os.WriteFile(file, []byte(queries), 0o600)).To(Succeed())
	folder = filepath.Join(t.TempDir(), "results")
	var out bytes.Buffer
	command := newCommand(&out, func() time.Time { return now })
	command.SetArgs(append([]string{file, "--prometheus", url, "--last", "15m", "--output-dir", folder}, arguments...))
	err = command.ExecuteContext(t.Context())
	return out.String(), exitCode(err), folder, err
}

func TestResults(t *testing.T) {
	g := NewWithT(t)
	url := prometheus(t, map[string]string{
		"cpu " + start + " 5":           `[{"metric":{"instance":"a"},"values":[[1767606300,"0.5"],[1767606305.25,"NaN"]]},{"metric":{"shard":"b, c"},"values":[[1767606300,"1e-7"]]}]`,
		"rss " + start + " 60":          `[{"metric":{},"values":[[1767606300,"12345678"]]}]`,
		"increase(x[15m]) " + end:       `[{"metric":{"__name__":"x"},"value":[1767607200,"0.8"]}]`,
		"quantile(0.99, x[15m]) " + end: `[{"metric":{},"value":[1767607200,"4.5"]}]`,
	})
	stdout, code, folder, err := measured(t, url, `queries:
- {name: cpu, query: cpu}
- {name: memory_rss, query: rss, step: 1m}
- {name: gone, query: gone, optional: true, slo: {comparison: "<", threshold: 1}}
- {name: queue, query: 'increase(x[$__range])', type: instant, slo: {comparison: "<=", threshold: 1}}
- {name: ready, query: 'quantile(0.99, x[$__range])', type: instant, slo: {comparison: "<=", threshold: 5}}
`, "--prefix=sharded-", "-o=json")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(code).To(Equal(0))

	for name, content := range map[string]string{
		"sharded-cpu.csv": "time,instance,shard,value\n2026-01-05T09:45:00.000Z,a,,0.5\n2026-01-05T09:45:05.250Z,a,,NaN\n" +
			"2026-01-05T09:45:00.000Z,,\"b, c\",1e-07\n",
		"sharded-memory_rss.csv": "time,value\n2026-01-05T09:45:00.000Z,1.2345678e+07\n",
		"sharded-queue.csv":      "time,__name__,value\n2026-01-05T10:00:00.000Z,x,0.8\n",
	} {
		written, err := os.ReadFile(filepath.Join(folder, name))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(written)).To(Equal(content), name)
	}
	g.Expect(namesIn(t, folder)).To(ConsistOf("sharded-cpu.csv", "sharded-memory_rss.csv", "sharded-queue.csv", "sharded-ready.csv"))

	var summary measure.Summary
	g.Expect(json.Unmarshal([]byte(stdout), &summary)).To(Succeed())
	g.Expect(summary.Met).To(BeTrue())
	g.Expect(summary.Start).To(BeTemporally("==", now.Add(-15*time.Minute)))
	g.Expect(summary.Queries).To(HaveExactElements(
		And(HaveField("Name", "cpu"), HaveField("Series", 2), HaveField("Samples", 3), HaveField("SLO", BeNil())),
		HaveField("Name", "memory_rss"),
		And(HaveField("Name", "gone"), HaveField("File", ""), HaveField("Notes", ConsistOf("returned nothing")), HaveField("SLO", BeNil())),
		And(HaveField("SLO.Worst", HaveValue(Equal(0.8))), HaveField("SLO.Met", true)),
		And(HaveField("SLO.Worst", HaveValue(Equal(4.5))), HaveField("SLO.Met", true)),
	))
}

func TestMissedObjectives(t *testing.T) {
	for name, c := range map[string]struct{ values, objective, expected string }{
		"above":                     {`[0,"1"],[1,"7"],[2,"3"]`, `{comparison: "<=", threshold: 5}`, "MISSED: 7 <= 5"},
		"equal":                     {`[0,"5"]`, `{comparison: "<", threshold: 5}`, "MISSED: 5 < 5"},
		"below":                     {`[0,"1"],[1,"0.25"],[2,"3"]`, `{comparison: ">=", threshold: 0.5}`, "MISSED: 0.25 >= 0.5"},
		"nothing was observed once": {`[0,"1"],[1,"NaN"]`, `{comparison: "<=", threshold: 5}`, "MISSED: no finite number <= 5"},
		"without end":               {`[0,"+Inf"]`, `{comparison: "<=", threshold: 5}`, "MISSED: no finite number <= 5"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			url := prometheus(t, map[string]string{"x " + start + " 5": `[{"metric":{},"values":[` + c.values + `]}]`})
			stdout, code, folder, _ := measured(t, url, "queries: [{name: x, query: x, slo: "+c.objective+"}]")
			g.Expect(code).To(Equal(exitMissed))
			g.Expect(stdout).To(ContainSubstring(c.expected))
			g.Expect(namesIn(t, folder)).To(ConsistOf("x.csv"))

			_, code, _, _ = measured(t, url, "queries: [{name: x, query: x, slo: "+c.objective+"}]", "-o=json")
			g.Expect(code).To(Equal(exitMissed))
		})
	}
}

func TestNothingIsWrittenIfSomethingFails(t *testing.T) {
	const good = "- {name: cpu, query: cpu}\n"
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	noPrometheus := httptest.NewServer(http.NotFoundHandler())
	defer noPrometheus.Close()
	prometheus := prometheus(t, map[string]string{
		"cpu " + start + " 5":  `[{"metric":{},"values":[[0,"1"]]}]`,
		"hist " + start + " 5": `[{"metric":{},"histograms":[[0,{"count":"1","sum":"1","buckets":[]}]]}]`,
	})
	for name, c := range map[string]struct {
		url, queries string
		errors       []string
	}{
		"Prometheus is not there":      {gone.URL, good, []string{gone.URL, "cpu", "connection refused"}},
		"somebody else is":             {noPrometheus.URL, good, []string{noPrometheus.URL, "404"}},
		"metrics are missing":          {prometheus, good + "- {name: a, query: a}\n- {name: b, query: b, type: instant}\n", []string{"line 3: query a returned nothing", "line 4: query b returned nothing"}},
		"a query is wrong":             {prometheus, good + "- {name: bad, query: sum(}\n", []string{"line 3: query bad", "1:5: parse error"}},
		"histograms are no numbers":    {prometheus, good + "- {name: h, query: hist}\n", []string{"line 3: query h", "histogram"}},
		"the folder cannot be created": {prometheus, good, []string{"queries.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			var arguments []string
			if name == "the folder cannot be created" {
				file := filepath.Join(t.TempDir(), "queries.yaml")
				g.Expect(os.WriteFile(file, nil, 0o600)).To(Succeed())
				arguments = []string{"--output-dir", file}
			}
			stdout, code, folder, err := measured(t, c.url, "queries:\n"+c.queries, arguments...)
			g.Expect(code).To(Equal(exitFailure))
			g.Expect(stdout).To(BeEmpty())
			for _, message := range c.errors {
				g.Expect(err).To(MatchError(ContainSubstring(message)))
			}
			g.Expect(folder).NotTo(BeADirectory())
		})
	}
}

// A file that cannot be replaced stands for a disk without room.
func TestFilesAppearTogetherOrNotAtAll(t *testing.T) {
	g := NewWithT(t)
	url := prometheus(t, map[string]string{"x " + start + " 5": `[{"metric":{},"values":[[0,"1"]]}]`})
	folder := t.TempDir()
	g.Expect(os.Mkdir(filepath.Join(folder, "b.csv"), 0o700)).To(Succeed())
	_, code, _, err := measured(t, url, "queries: [{name: b, query: x}]", "--output-dir", folder)
	g.Expect(code).To(Equal(exitFailure))
	g.Expect(err).To(MatchError(ContainSubstring("b.csv")))
	g.Expect(namesIn(t, folder)).To(ConsistOf("b.csv"), "nothing unfinished stays")
}

func TestBadInput(t *testing.T) {
	for name, c := range map[string]struct {
		queries   string
		arguments []string
		errors    []string
	}{
		"no range":                {arguments: []string{"--last=0"}, errors: []string{"--start or --last"}},
		"two beginnings":          {arguments: []string{"--start=2026-01-05T09:30:00Z"}, errors: []string{"--start and --last"}},
		"negative range":          {arguments: []string{"--last=-1m"}, errors: []string{"--last"}},
		"no time":                 {arguments: []string{"--last=0", "--start=yesterday"}, errors: []string{"--start", `"yesterday"`}},
		"ends before it begins":   {arguments: []string{"--last=0", "--start=2027-01-05T09:30:00Z"}, errors: []string{"begin before it ends"}},
		"no end":                  {arguments: []string{"--end=12:30"}, errors: []string{"--end", `"12:30"`}},
		"no step":                 {arguments: []string{"--step=0s"}, errors: []string{"--step"}},
		"unknown format":          {arguments: []string{"-o=yaml"}, errors: []string{"--output", `"yaml"`}},
		"prefix with a folder":    {arguments: []string{"--prefix=a/b"}, errors: []string{"--prefix", "--output-dir"}},
		"no URL":                  {arguments: []string{"--prometheus=localhost:9090"}, errors: []string{"--prometheus", `"localhost:9090"`}},
		"two files":               {arguments: []string{"more.yaml"}, errors: []string{"one file"}},
		"unknown flag":            {arguments: []string{"--query=x"}, errors: []string{"unknown flag: --query", "--help"}},
		"no configuration":        {arguments: []string{"--http-config=nowhere.yaml"}, errors: []string{"--http-config", "nowhere.yaml"}},
		"empty":                   {queries: "\n", errors: []string{"queries.yaml", "queries: there is none"}},
		"no YAML":                 {queries: "queries: [", errors: []string{"queries.yaml", "line 1"}},
		"two documents":           {queries: "queries: [{name: a, query: a}]\n---\n{}", errors: []string{"more than one document"}},
		"unknown field":           {queries: "queries:\n- name: a\n  query: a\n  period: 5s", errors: []string{"line 4", "field period not found"}},
		"bad name":                {queries: "queries:\n- {name: ../a, query: a}", errors: []string{"line 2: queries[0].name", `"../a"`}},
		"same name":               {queries: "queries:\n- {name: a, query: a}\n- {name: a, query: a}", errors: []string{"line 3: queries[1].name", "line 2"}},
		"no query":                {queries: "queries:\n- {name: a}", errors: []string{"line 2: queries[0].query"}},
		"unknown type":            {queries: "queries:\n- {name: a, query: a, type: matrix}", errors: []string{"line 2: queries[0].type", `"matrix"`}},
		"step of an instant":      {queries: "queries:\n- {name: a, query: a, type: instant, step: 5s}", errors: []string{"line 2: queries[0].step"}},
		"step that is none":       {queries: "queries:\n- {name: a, query: a, step: 5}", errors: []string{"line 2: queries[0].step", `"5"`}},
		"unknown comparison":      {queries: "queries:\n- {name: a, query: a, slo: {comparison: max, threshold: 1}}", errors: []string{"line 2: queries[0].slo.comparison", `"max"`}},
		"objective without value": {queries: "queries:\n- {name: a, query: a, slo: {comparison: <}}", errors: []string{"line 2: queries[0].slo.threshold"}},
		"all at once":             {queries: "queries:\n- {name: A, query: a}\n- {name: b, query: ''}", errors: []string{"line 2: queries[0].name", "line 3: queries[1].query"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			queries := c.queries
			if queries == "" {
				queries = "queries: [{name: a, query: a}]"
			}
			stdout, code, folder, err := measured(t, "http://127.0.0.1:1", queries, c.arguments...)
			g.Expect(code).To(Equal(exitUsage), "%v", err)
			g.Expect(stdout).To(BeEmpty())
			for _, message := range c.errors {
				g.Expect(err).To(MatchError(ContainSubstring(message)))
			}
			g.Expect(folder).NotTo(BeADirectory())
		})
	}
}

func namesIn(t *testing.T, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(folder)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
