// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharding_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

func TestMode(t *testing.T) {
	for mode, runs := range map[sharding.Mode]struct{ shard, sharder bool }{
		"Both":    {shard: true, sharder: true},
		"Shard":   {shard: true},
		"Sharder": {sharder: true},
		"None":    {},
		"both":    {},
		"":        {},
	} {
		t.Run(string(mode), func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(mode.RunsShard()).To(Equal(runs.shard))
			g.Expect(mode.RunsSharder()).To(Equal(runs.sharder))
		})
	}
}

func TestModesAreSpelledAsInConfigurationFiles(t *testing.T) {
	g := NewWithT(t)
	g.Expect(sharding.ModeBoth).To(BeEquivalentTo("Both"))
	g.Expect(sharding.ModeSharder).To(BeEquivalentTo("Sharder"))
	g.Expect(sharding.ModeShard).To(BeEquivalentTo("Shard"))
}
