// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shardlease

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/metrics"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/work"
)

// cluster is the objects of a ring in an API server, the leases of its shards, and who looks after drains.
type cluster struct {
	*testring.Cluster
	clock      *clocktesting.FakeClock
	membership *testring.Membership
	leases     *fakeLeases
	fencer     *Fencer
	delayed    *delayedQueue
}

func newCluster(t *testing.T, states map[string]lease.State, objects ...*appsv1.Deployment) *cluster {
	t.Helper()
	c := &cluster{
		Cluster: testring.NewCluster(objects...), clock: clocktesting.NewFakeClock(testring.Begin),
		membership: testring.NewMembership(states), leases: newFakeLeases(),
	}
	ring := metrics.Enter("my-ring")
	t.Cleanup(ring.Leave)
	c.fencer = NewFencer(FencerConfig{
		DrainTimeout: time.Minute, Clock: c.clock, Scope: testring.Scope, Client: c.Client, Membership: c.membership.Load,
		Leases: c.leases.leases(c.clock), Metrics: ring, Log: logr.Discard(),
		LeaseOf: func(shard string) (types.NamespacedName, bool) {
			return types.NamespacedName{Namespace: testring.Namespace, Name: shard}, true
		},
	})
	c.delayed = &delayedQueue{Queue: c.fencer.queue}
	c.fencer.queue = c.delayed
	t.Cleanup(c.delayed.ShutDown)
	return c
}

// fenced returns how many shards were counted as fenced.
func (c *cluster) fenced(t *testing.T) float64 {
	t.Helper()
	return testring.Counted(t, "controller_sharding_fenced_shards_total")
}

// samples returns the name of the object that the fencer looks after for each shard.
func (c *cluster) samples() map[string]string {
	c.fencer.mu.Lock()
	defer c.fencer.mu.Unlock()
	names := map[string]string{}
	for shard, sample := range c.fencer.samples {
		names[shard] = sample.object.Name
	}
	return names
}

// delayedQueue remembers what was added, and after how long, and gives none of it out.
type delayedQueue struct {
	work.Queue[string]
	mu    sync.Mutex
	added []delayed
}

type delayed struct {
	shard string
	after time.Duration
}

func (q *delayedQueue) AddAfter(shard string, after time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.added = append(q.added, delayed{shard, after})
}

func (q *delayedQueue) all() []delayed {
	q.mu.Lock()
	defer q.mu.Unlock()
	return slices.Clone(q.added)
}
