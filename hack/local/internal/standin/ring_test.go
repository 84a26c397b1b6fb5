// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestKeys(t *testing.T) {
	g := NewWithT(t)
	g.Expect(Keys(0, 2)).To(HaveExactElements("object-00000", "object-00001"))
	g.Expect(Keys(9999, 10001)).To(HaveExactElements("object-09999", "object-10000"))
	g.Expect(Keys(3, 3)).To(BeEmpty())
	g.Expect(Keys(3, 2)).To(BeEmpty())
}

func TestOwners(t *testing.T) {
	g := NewWithT(t)
	ring := (&Cluster{}).Ring("namespace", "ring")
	keys, shards := Keys(0, 400), ring.Shards(4)
	g.Expect(shards).To(HaveExactElements("ring-0", "ring-1", "ring-2", "ring-3"))
	before, after := ring.Owners(keys, shards[:3]), ring.Owners(keys, shards)
	moved := 0
	for key, shard := range after {
		if shard != before[key] {
			g.Expect(shard).To(Equal("ring-3"), "nothing moves but to the new one")
			moved++
		}
	}
	g.Expect(moved).To(BeNumerically("~", 100, 35))
}

func TestMarkedKeepsOtherLabels(t *testing.T) {
	g := NewWithT(t)
	g.Expect(Marked(map[string]string{"a": "b"})).To(Equal(map[string]string{"a": "b", "sharding.timebertt.dev/standin": "true"}))
	g.Expect(Marked(nil)).To(HaveLen(1))
	g.Expect(marked).To(HaveLen(1), "what all share stays as it is")
}
