// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package sharder assigns the objects of a ring to its shards. Of all processes that run it for a ring, one leads.
//
// What it does and what it remembers do not grow with the number of assigned objects:
//
//   - The tracker watches the shards' leases and knows the membership of the ring. It takes the leases of shards that
//     went silent, and deletes those of shards that are long dead.
//   - The assigner watches, metadata only, the objects that have no shard. There are next to none: an assigned object
//     leaves the watch, and its updates never get here.
//   - The rebalancer pages through assigned objects when the membership changes, and forgets them.
//   - The fencer looks after drains that are not acknowledged, one object a shard.
//
// They all hand an object to the settler, which carries out what the package plan decides.
package sharder
