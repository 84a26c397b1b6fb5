// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package flamegraph_test

import (
	"bytes"
	"runtime/pprof"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/flamegraph"
)

func TestPageNeedsNoNetwork(t *testing.T) {
	g := NewWithT(t)
	var heap bytes.Buffer
	g.Expect(pprof.Lookup("heap").WriteTo(&heap, 0)).To(Succeed())
	page, err := flamegraph.Draw("webhosting-operator-0", flamegraph.Heap, heap.Bytes())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(page)).To(And(ContainSubstring("<html"), ContainSubstring("inuse_space"), ContainSubstring("stack")))
	g.Expect(string(page)).NotTo(MatchRegexp(`(src|href)="?https?://`))
}

func TestNoProfile(t *testing.T) {
	_, err := flamegraph.Draw("shard-1", flamegraph.CPU, []byte("not found"))
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("reading the profile shard-1")))
}
