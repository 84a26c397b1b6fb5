// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ring_test

import (
	"cmp"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"github.com/cespare/xxhash/v2"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

// schemes are what TestCompareSchemes compares. A scheme is built from sorted shards and returns the lookup. All but the
// first exist for the comparison only.
var schemes = []struct {
	name  string
	build func(shards []string) func(key string) string
}{
	{"rendezvous, key hashed once (this package)", func(shards []string) func(string) string {
		return ring.New(shards...).Lookup
	}},
	{"rendezvous, key hashed per shard", rendezvous},
	{"rendezvous, weighted by logarithm", weightedRendezvous},
	{"ring, 100 virtual nodes", func(shards []string) func(string) string { return newCircle(shards, 100).lookup }},
	{"ring, 1000 virtual nodes", func(shards []string) func(string) string { return newCircle(shards, 1000).lookup }},
	{"ring, 1 virtual node, 21 probes", func(shards []string) func(string) string { return newCircle(shards, 1).probe }},
	{"Maglev, table of 65537", maglev},
	{"jump hash over sorted names", jump},
	{"hash modulo number of shards", modulo},
}

func hash(name string) uint64 { return xxhash.Sum64String(name) }

// rehash derives more hashes from one, by the finalizer of SplitMix64 (Steele, Lea and Flood, 2014).
func rehash(h, i uint64) uint64 {
	h += (i + 1) * 0x9e3779b97f4a7c15
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// rendezvous is the textbook form: the hash of shard and key together is the score (Thaler and Ravishankar, 1998).
func rendezvous(shards []string) func(string) string {
	return func(key string) string {
		var digest xxhash.Digest
		winner, best := "", uint64(0)
		for _, shard := range shards {
			digest.Reset()
			_, _ = digest.WriteString(shard)
			_, _ = digest.WriteString("/")
			_, _ = digest.WriteString(key)
			if score := digest.Sum64(); winner == "" || score > best {
				winner, best = shard, score
			}
		}
		return winner
	}
}

// weightedRendezvous scores by -weight/ln(u) (Schindelhauer and Schomaker, 2005; here every weight is 1).
func weightedRendezvous(shards []string) func(string) string {
	seeds := make([]uint64, len(shards))
	for i, shard := range shards {
		seeds[i] = hash(shard)
	}
	return func(key string) string {
		h := hash(key)
		winner, best := 0, 0.0
		for i, seed := range seeds {
			u := (float64(rehash(h^seed, 0)>>11) + 0.5) / (1 << 53)
			if score := -1 / math.Log(u); score > best {
				winner, best = i, score
			}
		}
		return shards[winner]
	}
}

// circle is consistent hashing with virtual nodes (Karger and others, 1997).
type circle []virtualNode

type virtualNode struct {
	token uint64
	shard string
}

func newCircle(shards []string, virtualNodes int) circle {
	nodes := make(circle, 0, len(shards)*virtualNodes)
	for _, shard := range shards {
		for i := range virtualNodes {
			nodes = append(nodes, virtualNode{hash(shard + "/" + strconv.Itoa(i)), shard})
		}
	}
	slices.SortFunc(nodes, func(a, b virtualNode) int { return cmp.Compare(a.token, b.token) })
	return nodes
}

func (c circle) next(h uint64) virtualNode {
	i, _ := slices.BinarySearchFunc(c, h, func(n virtualNode, h uint64) int { return cmp.Compare(n.token, h) })
	return c[i%len(c)]
}

func (c circle) lookup(key string) string { return c.next(hash(key)).shard }

// probe is multi-probe consistent hashing: of several places for the key, the one closest to its next node counts
// (Appleton and O'Reilly, 2015; 21 probes for a peak of 1.05).
func (c circle) probe(key string) string {
	h := hash(key)
	winner, closest := "", uint64(math.MaxUint64)
	for i := range uint64(21) {
		place := rehash(h, i)
		node := c.next(place)
		if distance := node.token - place; distance <= closest {
			winner, closest = node.shard, distance
		}
	}
	return winner
}

// maglev fills a table in turns, every shard by a permutation of its own (Eisenbud and others, 2016).
func maglev(shards []string) func(string) string {
	const size = 65537 // a prime
	type permutation struct{ offset, skip, next uint64 }
	permutations := make([]permutation, len(shards))
	for i, shard := range shards {
		h := hash(shard)
		permutations[i] = permutation{offset: rehash(h, 0) % size, skip: rehash(h, 1)%(size-1) + 1}
	}

	table := make([]string, size)
	for filled := 0; filled < size; {
		for i := range permutations {
			p := &permutations[i]
			slot := (p.offset + p.next*p.skip) % size
			for table[slot] != "" {
				p.next++
				slot = (p.offset + p.next*p.skip) % size
			}
			table[slot] = shards[i]
			if filled++; filled == size {
				break
			}
		}
	}
	return func(key string) string { return table[hash(key)%size] }
}

// jump is the jump consistent hash (Lamping and Veach, 2014), which numbers the shards.
func jump(shards []string) func(string) string {
	return func(key string) string {
		h, b, j := hash(key), int64(-1), int64(0)
		for j < int64(len(shards)) {
			b = j
			h = h*2862933555777941757 + 1
			j = int64(float64(b+1) * (float64(1<<31) / float64(h>>33+1)))
		}
		return shards[b]
	}
}

// modulo is what consistent hashing replaces. (It takes the high half of a product, which is as even and faster.)
func modulo(shards []string) func(string) string {
	return func(key string) string {
		i, _ := bits.Mul64(hash(key), uint64(len(shards)))
		return shards[i]
	}
}
