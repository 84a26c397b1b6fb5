// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

const (
	// LabelPrefixShard is followed by a ring's name. On a main or controlled object, the label's value is the name of
	// the shard that the object is assigned to; an object without the label is unassigned.
	LabelPrefixShard = "shard.alpha.sharding.timebertt.dev/"

	// LabelPrefixDrain is followed by a ring's name. Its presence on an assigned object, whatever its value, asks the
	// shard to let the object go, which the shard acknowledges by removing both labels in one write.
	LabelPrefixDrain = "drain.alpha.sharding.timebertt.dev/"

	// LabelControllerRing on a Lease names the ring that the shard belongs to. The shard sets it.
	LabelControllerRing = "alpha.sharding.timebertt.dev/controllerring"

	// LabelState on a shard's Lease says which state the sharder sees the shard in. Whoever acquires the lease empties or
	// removes it in the same write, and works only when it says "ready" again, or after one lease duration. Everything
	// else that it says is for people.
	LabelState = "alpha.sharding.timebertt.dev/state"

	// LabelAggregateToSharder on a ClusterRole, with the value "true", grants what is in it to the sharder.
	LabelAggregateToSharder = "sharding.timebertt.dev/aggregate-to-sharder"

	// AnnotationFencedUntil on a shard's Lease is an RFC 3339 time. The sharder writes it when it takes the lease of a
	// shard that was still renewing it: until then the shard may not have noticed, so its objects stay where they are.
	AnnotationFencedUntil = "alpha.sharding.timebertt.dev/fenced-until"

	// HolderSharder is the holder identity under which the sharder acquires the lease of a shard.
	HolderSharder = "shardlease-controller"

	// MaxRingNameLength is the longest name of a ring in bytes: the name part of a label key has no more room.
	MaxRingNameLength = 63
)

// LabelShard returns the key of the shard label of the given ring.
func LabelShard(ring string) string { return LabelPrefixShard + ring }

// LabelDrain returns the key of the drain label of the given ring.
func LabelDrain(ring string) string { return LabelPrefixDrain + ring }
