// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package profiles_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/pprof/profile"
	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/flamegraph"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/profiles"
)

var begin = time.Date(2026, 1, 5, 9, 30, 0, 0, time.UTC)

// taken is a profile with one sample of that value, which took 20 s.
func taken(t *testing.T, instance string, kind flamegraph.Kind, after time.Duration, value int64) profiles.Taken {
	t.Helper()
	name := map[flamegraph.Kind]string{flamegraph.CPU: "cpu", flamegraph.Heap: "inuse_space"}[kind]
	function := &profile.Function{ID: 1, Name: "main.work"}
	location := &profile.Location{ID: 1, Line: []profile.Line{{Function: function, Line: 1}}}
	p := profile.Profile{
		SampleType: []*profile.ValueType{{Type: name, Unit: "count"}},
		Sample:     []*profile.Sample{{Location: []*profile.Location{location}, Value: []int64{value}}},
		Location:   []*profile.Location{location},
		Function:   []*profile.Function{function},
	}
	var content bytes.Buffer
	NewWithT(t).Expect(p.Write(&content)).To(Succeed())
	return profiles.Taken{
		Instance: instance, Kind: kind, Begin: begin.Add(after), End: begin.Add(after + 20*time.Second), Content: content.Bytes(),
	}
}

func valueIn(t *testing.T, path string) int64 {
	t.Helper()
	g := NewWithT(t)
	content, err := os.ReadFile(path)
	g.Expect(err).NotTo(HaveOccurred())
	p, err := profile.ParseData(content)
	g.Expect(err).NotTo(HaveOccurred())
	sum := int64(0)
	for _, sample := range p.Sample {
		sum += sample.Value[0]
	}
	return sum
}

func TestProcessorTimeIsAllOfTheLoadAndMemoryThatOfItsEnd(t *testing.T) {
	g := NewWithT(t)
	folder := filepath.Join(t.TempDir(), "profiles")
	var all []profiles.Taken
	// The first and the last are not all within the load.
	for i, after := range []time.Duration{-10 * time.Second, 0, 20 * time.Second, 40 * time.Second, time.Minute} {
		for _, instance := range []string{"shard-1", "shard-0"} {
			all = append(all, taken(t, instance, flamegraph.CPU, after, 1<<i), taken(t, instance, flamegraph.Heap, after, 1<<i))
		}
	}
	g.Expect(profiles.Write(folder, all, begin, begin.Add(time.Minute))).To(Succeed())
	for _, instance := range []string{"shard-0", "shard-1"} {
		g.Expect(valueIn(t, filepath.Join(folder, instance+"-cpu.pb.gz"))).To(BeEquivalentTo(2 + 4 + 8))
		g.Expect(valueIn(t, filepath.Join(folder, instance+"-heap.pb.gz"))).To(BeEquivalentTo(8))
	}
	index, err := os.ReadFile(filepath.Join(folder, "profiles.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(index).To(MatchJSON(`[
		{"instance": "shard-0", "kind": "cpu", "file": "shard-0-cpu.html"}, {"instance": "shard-0", "kind": "heap", "file": "shard-0-heap.html"},
		{"instance": "shard-1", "kind": "cpu", "file": "shard-1-cpu.html"}, {"instance": "shard-1", "kind": "heap", "file": "shard-1-heap.html"}]`))
	page, err := os.ReadFile(filepath.Join(folder, "shard-0-cpu.html"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(page)).To(ContainSubstring("main.work"))
}

func TestNothingIsWrittenOfNoProfiles(t *testing.T) {
	g := NewWithT(t)
	folder := filepath.Join(t.TempDir(), "profiles")
	g.Expect(profiles.Write(folder, nil, begin, begin.Add(time.Minute))).To(Succeed())
	g.Expect(folder).NotTo(BeADirectory())
}

func TestWhatIsNoProfileIsAnError(t *testing.T) {
	broken := profiles.Taken{Instance: "shard-0", Kind: flamegraph.CPU, Begin: begin, End: begin, Content: []byte("not found")}
	err := profiles.Write(t.TempDir(), []profiles.Taken{broken}, begin, begin)
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("cpu profiles of shard-0")))
}
