// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ring

import (
	"math/bits"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// Ring is an immutable set of shards. It is safe for concurrent use. The zero value is an empty ring.
type Ring struct {
	// shards are the names, sorted and without duplicates.
	shards []string
	// points belong to the names at the same index. They are apart from the names because a lookup reads all of them,
	// but only one name.
	points []point
}

// New returns the ring of the given shards. Their order does not matter; duplicates and empty names are ignored, and
// no names at all give an empty ring.
func New(shards ...string) *Ring {
	names := slices.Clone(shards)
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) > 0 && names[0] == "" {
		names = names[1:]
	}

	points := make([]point, len(names))
	for i, name := range names {
		points[i] = newPoint(name)
	}
	return &Ring{shards: names, points: points}
}

// Lookup returns the name of the shard that the key belongs to, or "" if the ring is empty. It does not allocate.
//
// Of shards with equal scores the one whose name sorts first wins. As this order between two names holds in every
// ring, ties move no more keys than other keys when shards join or leave.
func (r *Ring) Lookup(key string) string {
	if len(r.points) == 0 {
		return ""
	}

	return r.shards[highest(r.points, xxhash.Sum64String(key))]
}

// highest returns the index of the point with the highest score, of equals the first.
//
// The compiler makes its condition two conditional moves, but not for a value that it sees used as an index, and so not
// when this is inlined. With a branch a lookup would mispredict two to three times, each as expensive as scoring several
// shards.
//
//go:noinline
func highest(points []point, hash uint64) int {
	var (
		winner int
		best   uint64
	)
	for i := range points {
		if score := points[i].score(hash); score > best {
			winner, best = i, score
		}
	}
	return winner
}

// Shards returns the sorted names of all shards in the ring. The caller may change the slice.
func (r *Ring) Shards() []string { return slices.Clone(r.shards) }

// Len returns the number of shards in the ring.
func (r *Ring) Len() int { return len(r.shards) }

// point is what a shard's name is hashed to: 128 bits, so that two names do not share a point. It depends on that one
// name alone. Nothing is appended to the name, hence shards like "shard-1" and "shard-11" have nothing in common.
type point struct {
	offset     uint64
	multiplier uint64
}

// multiplierSeed makes a shard's multiplier independent of its offset. Any constant but zero would do (this is the
// fraction of the golden ratio); changing it moves nearly all keys of all rings.
const multiplierSeed = 0x9e3779b97f4a7c15

func newPoint(name string) point {
	digest := xxhash.NewWithSeed(multiplierSeed)
	_, _ = digest.WriteString(name) // never fails

	return point{
		offset: xxhash.Sum64String(name),
		// An odd multiplier is invertible modulo 2^64, so the low half of the product keeps every bit of the key's hash.
		multiplier: digest.Sum64() | 1,
	}
}

// score returns how strongly the shard claims the key with the given hash, uniform over all 64-bit values:
//
//	product = (hash XOR offset) * multiplier    with 128 bits
//	score   = high half of product XOR low half of product
//
// The high bits of the low half depend on all bits of the hash, the low bits of the high half do too; folding makes
// both count everywhere, which neither half alone does.
//
// Shards could be weighted by comparing -weight/ln(score/2^64) instead (weighted rendezvous hashing). That grows with
// the score, so equal weights give the very assignment that scores alone give: weights can be introduced without
// moving a key.
func (p point) score(hash uint64) uint64 {
	high, low := bits.Mul64(hash^p.offset, p.multiplier)
	return high ^ low
}
