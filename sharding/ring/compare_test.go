// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ring_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	. "github.com/onsi/gomega"
)

const (
	comparedKeys = 10_000
	comparedSets = 40
)

// TestGoals fails when the package misses what it was chosen for.
func TestGoals(t *testing.T) {
	keys := keySets[2].keys(comparedKeys)
	build := schemes[0].build

	for _, n := range []int{3, 4, 5, 7, 10} {
		t.Run(fmt.Sprintf("%d shards", n), func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(spread(build, keys, n)).To(BeNumerically("<=", 1.02*idealSpread(len(keys), n)))

			for _, from := range []int{n - 1, n + 1} {
				moved, needless := moves(build, keys, from, n)
				g.Expect(moved).To(BeNumerically("<=", 1.05), "from %d", from)
				g.Expect(needless).To(BeZero(), "from %d", from)
			}
		})
	}
}

// TestCompareSchemes logs the table that docs/adr/0001-hash-scheme.md shows. It asserts nothing, so it does nothing
// unless it is run with -v:
//
//	go test ./ring -run TestCompareSchemes -v
//
// All but the times is deterministic. A spread is the load of the fullest shard over the mean, averaged over many sets
// of shards; an ideal random assignment has one as well, by chance. Moves are relative to the mean load of a shard,
// which is what has to move when one joins or leaves.
func TestCompareSchemes(t *testing.T) {
	if !testing.Verbose() {
		return
	}

	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "scheme\tspread of 3\tof 10\tof 100\tjoin 3 to 4\tjoin 10 to 11\tleave 10 to 9\tneedless\t"+
		"lookup of 10\tof 100\tbuild of 10")
	_, _ = fmt.Fprintf(w, "ideal random assignment\t%.3f\t%.3f\t%.3f\t1\t1\t1\t0 %%\n",
		idealSpread(comparedKeys, 3), idealSpread(comparedKeys, 10), idealSpread(comparedKeys, 100))

	keys := keySets[2].keys(comparedKeys)
	for _, scheme := range schemes {
		small, _ := moves(scheme.build, keys, 3, 4)
		join, needlessJoin := moves(scheme.build, keys, 10, 11)
		leave, needlessLeave := moves(scheme.build, keys, 10, 9)
		_, _ = fmt.Fprintf(w, "%s\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.3f\t%.0f %%\t%.0f ns\t%.0f ns\t%v\n", scheme.name,
			spread(scheme.build, keys, 3), spread(scheme.build, keys, 10), spread(scheme.build, keys, 100),
			small, join, leave, 100*(needlessJoin+needlessLeave)/(join+leave),
			lookupTime(scheme.build, keys, 10), lookupTime(scheme.build, keys, 100), buildTime(scheme.build, 10))
	}

	_ = w.Flush()
	t.Logf("%d keys, %d sets of shards\n%s", comparedKeys, comparedSets, &table)
}

type build = func(shards []string) func(string) string

// sets returns many sets of n shards, all disjoint and sorted.
func sets(n int) [][]string {
	result := make([][]string, comparedSets)
	for i := range result {
		result[i] = generate(n, func(j int) string { return fmt.Sprintf("webhosting-operator-%d", 1000*i+j) })
		slices.Sort(result[i])
	}
	return result
}

// spread returns the average of max/mean.
func spread(b build, keys []string, n int) float64 {
	sum := 0.0
	for _, shards := range sets(n) {
		sum += maxOverMean(count(b(shards), keys), len(keys), n)
	}
	return sum / comparedSets
}

// idealSpread returns the average of max/mean of random assignments.
func idealSpread(keys, n int) float64 {
	const rounds = 400
	random := rand.New(rand.NewPCG(9, uint64(n)))
	sum := 0.0
	for range rounds {
		counts := make([]int, n)
		for range keys {
			counts[random.IntN(n)]++
		}
		sum += float64(slices.Max(counts)) * float64(n) / float64(keys)
	}
	return sum / rounds
}

// moves returns how many keys move when the number of shards changes by one, and how many of them move between shards
// that are there before and after, both relative to the mean load of one of the more numerous shards.
func moves(b build, keys []string, from, to int) (moved, needless float64) {
	more := max(from, to)
	for i, all := range sets(more) {
		// Any shard may be the one that joins or leaves.
		changing := all[i%more]
		rest := slices.DeleteFunc(slices.Clone(all), func(shard string) bool { return shard == changing })
		before, after := b(rest), b(all)
		for _, key := range keys {
			one, other := before(key), after(key)
			if one != other {
				moved++
				if other != changing {
					needless++
				}
			}
		}
	}
	mean := float64(len(keys)) / float64(more) * comparedSets
	return moved / mean, needless / mean
}

// lookupTime returns the nanoseconds that a lookup takes: the best of several rounds, so that what else the machine does
// counts little.
func lookupTime(b build, keys []string, n int) float64 {
	lookup := b(sets(n)[0])
	best := time.Hour
	for range 20 {
		start := time.Now()
		for _, key := range keys {
			lookup(key)
		}
		best = min(best, time.Since(start))
	}
	return float64(best.Nanoseconds()) / float64(len(keys))
}

func buildTime(b build, n int) time.Duration {
	shards := sets(n)[0]
	best := time.Hour
	for range 5 {
		start := time.Now()
		b(shards)
		best = min(best, time.Since(start))
	}
	return best.Round(100 * time.Nanosecond)
}
