// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package scrape

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

const text = `# TYPE go_goroutines gauge
go_goroutines 52
# TYPE go_memstats_heap_inuse_bytes gauge
go_memstats_heap_inuse_bytes 9.5e+06
# TYPE go_memstats_sys_bytes gauge
go_memstats_sys_bytes 2e+07
# TYPE rest_client_requests_total counter
rest_client_requests_total{code="200",host="127.0.0.1",method="GET"} 40
rest_client_requests_total{code="409",host="127.0.0.1",method="PATCH"} 2
`

func TestMetrics(t *testing.T) {
	g := NewWithT(t)
	metrics, err := Parse(strings.NewReader(text))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(metrics.Sum("rest_client_requests_total")).To(BeEquivalentTo(42))
	g.Expect(metrics.Sum("nobody")).To(BeZero())
	g.Expect(metrics.Process()).To(Equal(Process{Goroutines: 52, HeapInUse: 9_500_000, Sys: 20_000_000}))
}

func TestMetricsWithoutRuntime(t *testing.T) {
	g := NewWithT(t)
	metrics, err := Parse(strings.NewReader("up 1\n"))
	g.Expect(err).NotTo(HaveOccurred())
	_, err = metrics.Process()
	g.Expect(err).To(MatchError(ContainSubstring("runtime")))
	_, err = Parse(strings.NewReader("{not metrics"))
	g.Expect(err).To(HaveOccurred())
}

func TestParseHeap(t *testing.T) {
	g := NewWithT(t)
	g.Expect(parseHeap(strings.NewReader("heap profile: 1: 2\n\n# runtime.MemStats\n# Alloc = 5\n# HeapAlloc = 7340032\n"))).To(BeEquivalentTo(7340032))
	_, err := parseHeap(strings.NewReader("heap profile: 1: 2\n"))
	g.Expect(err).To(MatchError(ContainSubstring("size of the heap")))
}
