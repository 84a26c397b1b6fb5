// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharding

// Mode is the part that a process plays in a ring.
type Mode string

const (
	// ModeBoth: the process is a shard, and stands for election as the ring's sharder.
	ModeBoth Mode = "Both"
	// ModeSharder: the process only stands for election as the ring's sharder.
	ModeSharder Mode = "Sharder"
	// ModeShard: the process is only a shard; a sharder runs elsewhere.
	ModeShard Mode = "Shard"
)

// RunsShard reports whether the process works on objects.
func (m Mode) RunsShard() bool { return m == ModeBoth || m == ModeShard }

// RunsSharder reports whether the process stands for election as the sharder.
func (m Mode) RunsSharder() bool { return m == ModeBoth || m == ModeSharder }
