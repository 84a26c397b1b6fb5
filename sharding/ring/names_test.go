// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ring_test

import (
	"fmt"
	"math"
	"math/rand/v2"
)

const object = "webhosting.timebertt.dev/Website/"

// keySets are the kinds of keys that a ring has to spread. All are deterministic.
var keySets = []struct {
	name string
	keys func(n int) []string
}{
	{"random", func(n int) []string {
		random := rand.New(rand.NewPCG(1, 2))
		return generate(n, func(int) string { return fmt.Sprintf("%016x", random.Uint64()) })
	}},
	{"20 projects, numbered websites", func(n int) []string {
		return generate(n, func(i int) string { return fmt.Sprintf("%sproject-%d/website-%d", object, i%20, i/20) })
	}},
	{"20 projects, generated names", func(n int) []string {
		random := rand.New(rand.NewPCG(3, 4))
		return generate(n, func(i int) string {
			return fmt.Sprintf("%sproject-%d/website-%05x", object, i%20, random.Uint64()&0xfffff<<20|uint64(i))
		})
	}},
	{"one namespace, numbered names", func(n int) []string {
		return generate(n, func(i int) string { return fmt.Sprintf("%sdefault/website-%d", object, i) })
	}},
	{"one namespace, short names", func(n int) []string {
		return generate(n, func(i int) string { return object + "default/" + letters(i) })
	}},
	{"a namespace per object", func(n int) []string {
		return generate(n, func(i int) string { return fmt.Sprintf("%sproject-%d/website", object, i) })
	}},
	{"nothing but numbers", func(n int) []string {
		return generate(n, func(i int) string { return fmt.Sprint(i) })
	}},
}

// shardSets are the ways in which shards are named.
var shardSets = []struct {
	name   string
	shards func(n int) []string
}{
	{"numbered", func(n int) []string {
		return generate(n, func(i int) string { return fmt.Sprintf("shard-%d", i) })
	}},
	{"pods of a StatefulSet", func(n int) []string {
		return generate(n, func(i int) string { return fmt.Sprintf("webhosting-operator-%d", i) })
	}},
	{"pods of a Deployment", func(n int) []string {
		random := rand.New(rand.NewPCG(5, 6))
		return generate(n, func(int) string {
			return fmt.Sprintf("webhosting-operator-7d9c5b8f66-%05x", random.Uint64()&0xfffff)
		})
	}},
	{"letters", func(n int) []string { return generate(n, letters) }},
}

func generate(n int, name func(i int) string) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = name(i)
	}
	return names
}

// letters counts a, b, ..., z, aa, ab, ...
func letters(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return letters(i/26-1) + string(rune('a'+i%26))
}

// count returns how many of the keys each shard gets.
func count(lookup func(string) string, keys []string) map[string]int {
	counts := map[string]int{}
	for _, key := range keys {
		counts[lookup(key)]++
	}
	return counts
}

// maxOverMean returns the load of the fullest of n shards relative to the mean: 1 is perfectly even.
func maxOverMean(counts map[string]int, keys, n int) float64 {
	fullest := 0
	for _, c := range counts {
		fullest = max(fullest, c)
	}
	return float64(fullest) * float64(n) / float64(keys)
}

// deviations returns by how many standard deviations of the binomial distribution each of n shards misses its share.
func deviations(counts map[string]int, keys int, shards []string) []float64 {
	share := 1 / float64(len(shards))
	mean := float64(keys) * share
	sigma := math.Sqrt(mean * (1 - share))

	result := make([]float64, len(shards))
	for i, shard := range shards {
		result[i] = (float64(counts[shard]) - mean) / sigma
	}
	return result
}
