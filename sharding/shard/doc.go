// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package shard is what an operator imports to run its controllers in several instances at once, each working on its
// own objects.
//
// A Shard creates the manager, which then holds the shard lease instead of a leader lock and caches only the objects
// that carry the shard's label, and wraps the reconciler, which then hands over objects that are drained. Everything
// else of an operator stays as it is.
//
// It does not decide which object belongs to which shard. That is the sharder's work: in the same process (package
// sharder) or elsewhere.
package shard
