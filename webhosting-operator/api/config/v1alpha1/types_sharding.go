// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// ShardingMode says which parts of sharding an instance runs.
type ShardingMode string

const (
	// ShardingModeNone is for an operator whose leader does all the work.
	ShardingModeNone ShardingMode = "None"
	// ShardingModeBoth is for an instance that is a shard, and the sharder too while it is the leader.
	ShardingModeBoth ShardingMode = "Both"
	// ShardingModeSharder is for an instance that is the sharder while it is the leader, and reconciles nothing.
	ShardingModeSharder ShardingMode = "Sharder"
	// ShardingModeShard is for an instance that is a shard and leaves the assigning to others.
	ShardingModeShard ShardingMode = "Shard"
)

// RunsShard says whether an instance in this mode reconciles the Websites that are assigned to it.
func (m ShardingMode) RunsShard() bool { return m == ShardingModeBoth || m == ShardingModeShard }

// RunsSharder says whether an instance in this mode assigns Websites while it is the leader.
func (m ShardingMode) RunsSharder() bool { return m == ShardingModeBoth || m == ShardingModeSharder }

// Sharding configures how instances share the work. The times are those of a shard's lease.
type Sharding struct {
	// Mode says which parts of sharding this instance runs: None, Both, Sharder or Shard. Default: None.
	Mode ShardingMode `json:"mode,omitempty"`
	// ShardName is the name of this shard and of its Lease. It differs between the instances, so it is rarely set in a
	// file that they share; the flag --shard-name overrides it. Default: the host name, which in a Pod is its name.
	ShardName string `json:"shardName,omitempty"`
	// DrainTimeout is how long the sharder waits for a shard to let an object go before it takes the shard's lease away.
	// Default: 1m.
	DrainTimeout metav1.Duration `json:"drainTimeout,omitempty"`

	componentconfig.LeaseTimes `json:",inline"`
}
