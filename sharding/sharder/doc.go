// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package sharder assigns the objects of rings to their shards. It runs embedded in an operator, for its one ring
// (AddToManager), or by itself for any number of rings that come, change and go.
//
//   - An Environment is what all rings of a process share. It watches the leases of all shards, once.
//   - Shards knows the shards of one ring by their leases. It only reads, so every replica runs it.
//   - Lead does what only the leading sharder of a ring does. Nothing outlives it.
//
// What Lead does and what it remembers do not grow with the number of assigned objects:
//
//   - The keeper takes the leases of shards that went silent, and deletes those of shards that are long dead.
//   - The assigner watches, metadata only, the objects that have no shard. There are next to none: an assigned object
//     leaves the watch, and its updates never get here.
//   - The rebalancer pages through assigned objects when the membership changes, and forgets them.
//   - The fencer looks after drains that are not acknowledged, one object a shard.
//
// They all hand an object to the settler, which carries out what the package plan decides.
package sharder
