// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package sharding makes Kubernetes controllers horizontally scalable: the objects of a controller are divided among
// its instances (shards), each of which caches and reconciles only its own.
//
// This package holds what an operator declares: its Ring and the Mode of a process. The rest, from the inside out:
//
//   - ring maps keys to shards by consistent hashing, and key derives the key of an object.
//   - lease says in which state each shard is.
//   - plan decides what to do with an object.
//   - api/v1alpha1 names the labels by which sharders and shards understand each other, and holds the kind ControllerRing.
//   - shard is what an operator imports: the shard lease, the filtered caches and the wrapped reconciler.
//   - sharder carries decisions out: it assigns objects, moves them when membership changes, and fences shards. Its own
//     documentation maps its parts.
//   - admission assigns objects in the requests that create them, where the API server asks it.
//   - controllerring lets one sharder serve all ControllerRings of a cluster, as they come and go.
//
// The smallest complete program that uses it is examples/diff/sharded.
//
// The first three are pure. The packages shard and sharder know Kubernetes clients, and never each other: they meet in
// the API server only.
package sharding
