// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package controllerring is the controller of ControllerRings: it lets a process shard what rings in the cluster say, each
// from when it is created until it is deleted, without a restart.
//
// Every replica knows the shards of every ring, and so can answer the webhook (see Rings). The leading one also assigns
// and rebalances (see package sharder), keeps the webhook configurations, and says in the status of each ring what is in
// the way. How objects are assigned is not its business.
package controllerring
