// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package result_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

func TestReadReturnsWhatWasEncoded(t *testing.T) {
	g := NewWithT(t)
	begin := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	written := result.Result{
		Scenario: "basic", Setup: "sharded", Begin: begin, End: begin.Add(time.Minute), Scale: 0.1,
		Settings: map[string]string{"createRate": "1.4"}, Reasons: []string{"interrupted"},
		Phases:    []result.Phase{{Name: "fill", Begin: begin, End: begin.Add(time.Minute)}},
		Load:      []result.Load{{Operation: result.Create, Promised: 10, Achieved: 9, Late: 1}},
		Latencies: map[result.Measure]result.Latency{result.ChangeToReady: {Count: 9, P50: 0.1, P90: 0.2, P99: 0.3, Max: 0.4}},
		Websites:  result.Websites{Total: 9, Shards: map[string]int{"a": 9}, MaxToMean: 1, Ready: 9},
		Versions:  map[string]string{"go": "go1"},
	}
	content, err := written.Encode()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(content).To(ContainSubstring(`"p99Seconds": 0.3`))

	folder := t.TempDir()
	g.Expect(os.WriteFile(filepath.Join(folder, "result.json"), content, 0o600)).To(Succeed())
	g.Expect(result.Read(folder)).To(Equal(written))
}

func TestReadFailsClearly(t *testing.T) {
	g := NewWithT(t)
	folder := t.TempDir()
	_, err := result.Read(folder)
	g.Expect(err).To(MatchError(ContainSubstring("result.json")))
	g.Expect(os.WriteFile(filepath.Join(folder, "result.json"), []byte(`{"scenario":`), 0o600)).To(Succeed())
	_, err = result.Read(folder)
	g.Expect(err).To(MatchError(ContainSubstring("reading the result")))
}
