// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ring_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

func TestNew(t *testing.T) {
	tests := []struct {
		name   string
		shards []string
		want   []string
	}{
		{name: "no shards", shards: nil, want: nil},
		{name: "one shard", shards: []string{"a"}, want: []string{"a"}},
		{name: "sorted", shards: []string{"c", "a", "b"}, want: []string{"a", "b", "c"}},
		{name: "duplicates", shards: []string{"b", "a", "b", "a"}, want: []string{"a", "b"}},
		{name: "empty names", shards: []string{"", "a", ""}, want: []string{"a"}},
		{name: "nothing but empty names", shards: []string{"", ""}, want: nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := NewWithT(t)
			given := slices.Clone(tt.shards)

			r := ring.New(tt.shards...)

			g.Expect(r.Shards()).To(HaveExactElements(tt.want))
			g.Expect(r.Len()).To(Equal(len(tt.want)))
			g.Expect(tt.shards).To(Equal(given), "the caller's slice is left alone")
		})
	}
}

func TestIsImmutable(t *testing.T) {
	g := NewWithT(t)
	r := ring.New("a", "b")

	r.Shards()[0] = "changed"

	g.Expect(r.Shards()).To(HaveExactElements("a", "b"))
}

func TestLookupWithoutShards(t *testing.T) {
	g := NewWithT(t)
	var zero ring.Ring

	g.Expect(ring.New().Lookup("key")).To(BeEmpty())
	g.Expect(zero.Lookup("key")).To(BeEmpty())
}

func TestLookupWithOneShard(t *testing.T) {
	g := NewWithT(t)
	r := ring.New("only")

	g.Expect(count(r.Lookup, keySets[0].keys(1000))).To(Equal(map[string]int{"only": 1000}))
	g.Expect(r.Lookup("")).To(Equal("only"), "the empty key is a key")
}

// TestLookupIsStable fails when the assignment changes, because such a change moves the objects of every ring when the
// sharder is updated.
func TestLookupIsStable(t *testing.T) {
	g := NewWithT(t)
	r := ring.New("shard-0", "shard-1", "shard-2")

	var got []string
	for i := range 12 {
		got = append(got, r.Lookup(fmt.Sprintf("webhosting.timebertt.dev/Website/project-0/website-%d", i)))
	}

	g.Expect(got).To(HaveExactElements(
		"shard-2", "shard-2", "shard-0", "shard-2", "shard-2", "shard-0",
		"shard-2", "shard-2", "shard-0", "shard-0", "shard-2", "shard-0",
	))
}

func TestOrderOfShardsDoesNotMatter(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for _, set := range shardSets {
		t.Run(set.name, func(t *testing.T) {
			shards := set.shards(10)
			want := ring.New(shards...)

			for range 20 {
				random.Shuffle(len(shards), func(i, j int) { shards[i], shards[j] = shards[j], shards[i] })
				got := ring.New(append(shards, shards[0])...)
				for _, key := range keySets[1].keys(500) {
					if got.Lookup(key) != want.Lookup(key) {
						t.Fatalf("%q belongs to %q and, with the shards in another order, to %q",
							key, want.Lookup(key), got.Lookup(key))
					}
				}
			}
		})
	}
}

// TestShardsShareNoTokens guards against schemes that append a number to a shard's name: there the 11th virtual node of
// shard-1 is the first of shard-11, so one of the two never gets those keys, and they follow each other.
func TestShardsShareNoTokens(t *testing.T) {
	keys := keySets[1].keys(20_000)
	for _, pair := range [][]string{
		{"shard-1", "shard-11"},
		{"shard-1", "shard-1-1"},
		{"shard-1", "shard-10"},
		{"a", "aa"},
		{"1", "11"},
	} {
		t.Run(fmt.Sprint(pair), func(t *testing.T) {
			g := NewWithT(t)

			for _, d := range deviations(count(ring.New(pair...).Lookup, keys), len(keys), pair) {
				g.Expect(d).To(BeNumerically("~", 0, 4))
			}

			// Whoever gets a key against a third shard says nothing about who would have got it without that shard:
			// of the keys that the first gives up, the second gets its fair half.
			third := "third"
			with, without := ring.New(pair[0], pair[1], third), ring.New(pair[1], third)
			given := map[string]int{}
			for _, key := range keys {
				if with.Lookup(key) == pair[0] {
					given[without.Lookup(key)]++
				}
			}
			total := given[pair[1]] + given[third]
			for _, d := range deviations(given, total, []string{pair[1], third}) {
				g.Expect(d).To(BeNumerically("~", 0, 4))
			}
		})
	}
}

// TestBalance compares the shares with an ideal random assignment, in which each of n shards gets a number of keys that
// is binomially distributed. The bounds are 5 standard deviations for one shard (one of 3.5 million would be outside by
// chance) and 4 for the sum over all of them, so a skew of a few per mille is found.
func TestBalance(t *testing.T) {
	const keys = 10_000
	for _, keySet := range keySets {
		t.Run(keySet.name, func(t *testing.T) {
			all := keySet.keys(keys)
			for _, shardSet := range shardSets {
				chiSquared, freedom := 0.0, 0
				for _, n := range []int{2, 3, 4, 5, 7, 10, 100} {
					shards := shardSet.shards(n)
					for i, d := range deviations(count(ring.New(shards...).Lookup, all), keys, shards) {
						if math.Abs(d) > 5 {
							t.Errorf("%s: shard %s of %d is %.1f standard deviations off", shardSet.name, shards[i], n, d)
						}
						chiSquared += d * d * (1 - 1/float64(n))
					}
					freedom += n - 1
				}
				if z := (chiSquared - float64(freedom)) / math.Sqrt(2*float64(freedom)); math.Abs(z) > 4 {
					t.Errorf("%s: the shares of all shards are %.1f standard deviations off", shardSet.name, z)
				}
			}
		})
	}
}

func TestMovesOnlyKeysOfTheJoiningOrLeavingShard(t *testing.T) {
	const keys = 10_000
	for _, keySet := range keySets {
		t.Run(keySet.name, func(t *testing.T) {
			g := NewWithT(t)
			all := keySet.keys(keys)
			for _, shardSet := range shardSets {
				for n := 2; n <= 10; n++ {
					shards := shardSet.shards(n)
					changing := shards[n/2]
					few, many := ring.New(slices.Delete(slices.Clone(shards), n/2, n/2+1)...), ring.New(shards...)

					moved := 0
					for _, key := range all {
						before, after := few.Lookup(key), many.Lookup(key)
						if before == after {
							continue
						}
						moved++
						if after != changing {
							t.Fatalf("%s moves from %s to %s when %s joins", key, before, after, changing)
						}
					}

					ideal := float64(keys) / float64(n)
					noise := 4.5 * math.Sqrt(ideal*(1-1/float64(n)))
					g.Expect(float64(moved)).To(BeNumerically("~", ideal, noise),
						"%s of %d shards (%s)", changing, n, shardSet.name)
				}
			}
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	r := ring.New(shardSets[0].shards(10)...)
	keys := keySets[1].keys(100)
	want := count(r.Lookup, keys)

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			NewWithT(t).Expect(count(r.Lookup, keys)).To(Equal(want))
			r.Shards()[0] = "mine"
		})
	}
	wg.Wait()
}

func TestLookupDoesNotAllocate(t *testing.T) {
	g := NewWithT(t)
	r := ring.New(shardSets[0].shards(10)...)
	key := keySets[1].keys(1)[0]

	g.Expect(testing.AllocsPerRun(1000, func() { r.Lookup(key) })).To(BeZero())
}
