// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ring_test

import (
	"fmt"
	"testing"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

var sizes = []int{3, 10, 100}

// BenchmarkLookup measures lookups of realistic keys one after the other:
//
//	go test ./ring -run '^$' -bench Lookup -count 5
//
// The aim is less than 50 ns and no allocation with 10 shards.
func BenchmarkLookup(b *testing.B) {
	keys := keySets[1].keys(1 << 14)
	for _, n := range sizes {
		b.Run(fmt.Sprintf("shards=%d", n), func(b *testing.B) {
			r := ring.New(shardSets[1].shards(n)...)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				r.Lookup(keys[i&(len(keys)-1)])
				i++
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "keys/s")
		})
	}
}

// BenchmarkThroughput measures lookups in one ring by all processors at once. The aim is more than 10 million keys/s.
func BenchmarkThroughput(b *testing.B) {
	keys := keySets[1].keys(1 << 14)
	for _, n := range sizes {
		b.Run(fmt.Sprintf("shards=%d", n), func(b *testing.B) {
			r := ring.New(shardSets[1].shards(n)...)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					r.Lookup(keys[i&(len(keys)-1)])
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "keys/s")
		})
	}
}

// BenchmarkNew measures how long a ring takes to build.
func BenchmarkNew(b *testing.B) {
	for _, n := range sizes {
		b.Run(fmt.Sprintf("shards=%d", n), func(b *testing.B) {
			shards := shardSets[1].shards(n)
			b.ReportAllocs()
			for b.Loop() {
				ring.New(shards...)
			}
		})
	}
}
