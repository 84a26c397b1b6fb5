// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package sharder assigns the objects of a ring to its shards, embedded in an operator: see AddToManager. Its parts also
// serve any number of rings that come, change and go, for the package controllerring.
//
//   - scope says what a sharder looks after in one ring.
//   - membership knows the shards of a ring by their leases. It only reads, so every replica runs it.
//   - lead does what only the leading sharder of a ring does. Nothing outlives it.
//   - internal/election elects who leads a ring, in a process that is not elected as a whole.
//
// What lead does and what it remembers do not grow with the number of assigned objects. Each of its drivers knows when to
// look at which objects or leases:
//
//   - internal/assign watches, metadata only, the objects that have no shard. There are next to none: an assigned object
//     leaves the watch, and its updates never get here.
//   - internal/rebalance pages through assigned objects when the membership changes, and forgets them.
//   - internal/shardlease takes the leases of shards that went silent or do not let an object go, and deletes those of
//     shards that are long dead.
//
// The first two hand each object to internal/settle, which carries out what the package plan decides.
//
// All of them stand on internal/work (queues and workers), internal/feed (watches of metadata), internal/problems and
// internal/metrics (what they tell of their ring).
package sharder
