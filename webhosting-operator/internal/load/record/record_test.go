// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package record_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/ledger"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/record"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func samples() []record.Sample {
	return []record.Sample{
		{At: start},
		{
			At:      start.Add(2 * time.Second),
			Counts:  map[result.Operation]ledger.Counts{result.Create: {Promised: 10, Achieved: 8, Late: 2}},
			ByShard: map[string]int{"": 1, "s": 7}, Ready: 6,
			Recent: map[result.Measure][]float64{result.ChangeToReady: {0.1, 0.3}},
		},
		{
			At:      start.Add(4 * time.Second),
			Counts:  map[result.Operation]ledger.Counts{result.Create: {Promised: 20, Achieved: 17, Late: 3}},
			ByShard: map[string]int{"s": 17}, Ready: 17,
		},
	}
}

func lines(t *testing.T, path ...string) []string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(path...))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return strings.Split(strings.TrimSpace(string(content)), "\n")
}

func TestAFolderIsThereOnlyWhenItIsComplete(t *testing.T) {
	g := NewWithT(t)
	parent := t.TempDir()
	path := filepath.Join(parent, "some", "where")
	folder, err := record.NewFolder(path)
	g.Expect(err).NotTo(HaveOccurred())
	series, err := record.NewSeries(folder)
	g.Expect(err).NotTo(HaveOccurred())
	for _, sample := range samples() {
		g.Expect(series.Add(sample)).To(Succeed())
	}
	g.Expect(path).NotTo(BeAnExistingFile())
	g.Expect(series.Close()).To(Succeed())
	g.Expect(folder.Distribution(map[result.Measure][]float64{result.ChangeToReady: {0.3, 0.1}})).To(Succeed())
	g.Expect(folder.Complete(result.Result{Scenario: "basic"})).To(Succeed())
	g.Expect(folder.Discard()).To(Succeed())

	g.Expect(result.Read(path)).To(HaveField("Scenario", "basic"))
	entries, err := os.ReadDir(filepath.Dir(path))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(entries).To(HaveLen(1), "nothing is left beside it")
	g.Expect(lines(t, path, "load.csv")).To(HaveExactElements(
		"time,operation,promised,achieved,late,failed,promised_per_second,achieved_per_second",
		"2026-01-02T03:04:07Z,create,10,8,2,0,5,4",
		"2026-01-02T03:04:09Z,create,20,17,3,0,5,4.5",
	))
	g.Expect(lines(t, path, "websites.csv")).To(HaveExactElements(
		"time,shard,websites", "2026-01-02T03:04:07Z,,1", "2026-01-02T03:04:07Z,s,7", "2026-01-02T03:04:09Z,s,17",
	))
	g.Expect(lines(t, path, "latencies.csv")).To(HaveExactElements(
		"time,measure,count,p50_seconds,p90_seconds,p99_seconds,max_seconds",
		"2026-01-02T03:04:07Z,changeToReady,2,0.1,0.3,0.3,0.3",
	))
	g.Expect(lines(t, path, "distribution.csv")).To(HaveExactElements(
		"measure,part,seconds", "changeToReady,0.5,0.1", "changeToReady,1,0.3",
	))
}

func TestWhatIsDiscardedLeavesNothing(t *testing.T) {
	g := NewWithT(t)
	parent := t.TempDir()
	folder, err := record.NewFolder(filepath.Join(parent, "where"))
	g.Expect(err).NotTo(HaveOccurred())
	_, err = record.NewSeries(folder)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(folder.Discard()).To(Succeed())
	g.Expect(os.ReadDir(parent)).To(BeEmpty())
}

func TestResultsAreNeverOverwritten(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "where")
	folder, err := record.NewFolder(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(os.WriteFile(path, []byte("precious"), 0o600)).To(Succeed())
	g.Expect(folder.Complete(result.Result{})).To(MatchError(ContainSubstring("is there already")))
	_, err = record.NewFolder(path)
	g.Expect(err).To(MatchError(ContainSubstring("is there already")))
	g.Expect(lines(t, path)).To(HaveExactElements("precious"))
}

func TestAFullDiskIsAnError(t *testing.T) {
	g := NewWithT(t)
	if _, err := os.Stat("/dev/full"); err != nil {
		return // this machine has no such disk
	}
	path := filepath.Join(t.TempDir(), "where")
	folder, err := record.NewFolder(path)
	g.Expect(err).NotTo(HaveOccurred())
	partial, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".where-*"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(partial).To(HaveLen(1))
	g.Expect(os.Symlink("/dev/full", filepath.Join(partial[0], "websites.csv"))).To(Succeed())
	g.Expect(os.Symlink("/dev/full", filepath.Join(partial[0], "result.json"))).To(Succeed())

	series, err := record.NewSeries(folder)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(series.Add(samples()[1])).To(MatchError(ContainSubstring("no space left")))
	g.Expect(folder.Complete(result.Result{})).To(MatchError(ContainSubstring("no space left")))
	g.Expect(path).NotTo(BeAnExistingFile())
}

func TestTimes(t *testing.T) {
	g := NewWithT(t)
	times := record.NewTimes(record.NewMetrics("basic", ""))
	times.Took(result.ChangeToReady, 9)
	times.Reset()
	times.Took(result.ChangeToReady, 1)
	since := times.Since(result.ChangeToReady)
	g.Expect(times.Recent()).To(Equal(map[result.Measure][]float64{result.ChangeToReady: {1}}))
	times.Took(result.ChangeToReady, 2)
	g.Expect(times.Recent()).To(Equal(map[result.Measure][]float64{result.ChangeToReady: {2}}))
	g.Expect(times.Recent()).To(BeEmpty())
	g.Expect(times.All()).To(Equal(map[result.Measure][]float64{result.ChangeToReady: {1, 2}}))
	g.Expect(since()).To(Equal([]float64{2}))
}

func TestMetricsAreServed(t *testing.T) {
	g := NewWithT(t)
	metrics := record.NewMetrics("basic", "sharded")
	metrics.Enter("fill")
	metrics.Enter("hold")
	record.NewTimes(metrics).Took(result.ChangeToReady, 0.7)
	for _, sample := range samples() {
		metrics.Add(sample)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	address := listener.Addr().String()
	g.Expect(metrics.Serve(t.Context(), address)).To(MatchError(ContainSubstring("serving metrics")), "the port is taken")
	g.Expect(listener.Close()).To(Succeed())
	g.Expect(metrics.Serve(t.Context(), address)).To(Succeed())

	response, err := http.Get("http://" + address + "/metrics")
	g.Expect(err).NotTo(HaveOccurred())
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	for _, line := range []string{
		`experiment_operations_promised_total{operation="create"} 20`,
		`experiment_operations_total{operation="create",outcome="achieved"} 17`,
		`experiment_operations_total{operation="create",outcome="late"} 3`,
		`experiment_latency_seconds_bucket{measure="changeToReady",le="0.5"} 0`,
		`experiment_latency_seconds_bucket{measure="changeToReady",le="1"} 1`,
		`experiment_websites{shard=""} 0`,
		`experiment_websites{shard="s"} 17`,
		`experiment_websites_ready 17`,
		`experiment_phase{phase="hold",scenario="basic",setup="sharded"} 1`,
	} {
		g.Expect(string(body)).To(ContainSubstring(line))
	}
	g.Expect(string(body)).NotTo(ContainSubstring(`phase="fill"`))
}
