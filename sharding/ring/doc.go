// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package ring answers which of a set of shards a key belongs to: consistent hashing as a pure function of the key and
// the set of names.
//
// The scheme is rendezvous hashing, also called highest random weight: every shard has a score for every key, and the
// shard with the highest score gets the key. So
//
//   - the result does not depend on the order in which shards are given, nor on any earlier set of shards;
//   - a shard that joins takes keys and moves no others, a shard that leaves gives away its own keys and no others;
//   - every shard gets the share of keys that an ideal random assignment would give it, with nothing to tune.
//
// A lookup looks at every shard once, which is cheap up to some hundred shards: the key is hashed once, by 64-bit
// xxHash, and each shard costs one multiplication. Rings with virtual nodes and the other schemes that were measured
// are compared in docs/adr/0001-hash-scheme.md; go test -run TestCompareSchemes -v repeats the comparison.
//
// The word ring stays, though there is no circle in it: it is what a sharded controller and its shards are called
// everywhere else.
//
// Sources: Thaler and Ravishankar, "Using Name-Based Mappings to Increase Hit Rates", IEEE/ACM Transactions on
// Networking 6(1), 1998; the mixing step is the multiply-and-fold of wyhash (Wang Yi, 2019).
package ring
