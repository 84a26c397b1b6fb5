// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package rebalance

import (
	"testing"
	"time"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/metrics"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/settle"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// cluster is the objects of a ring in an API server, and who settles them.
type cluster struct {
	*testring.Cluster
	clock      *clocktesting.FakeClock
	membership *testring.Membership
	settler    *settle.Settler
}

func newCluster(t *testing.T, states map[string]lease.State, objects ...*appsv1.Deployment) *cluster {
	t.Helper()
	c := &cluster{
		Cluster: testring.NewCluster(objects...), clock: clocktesting.NewFakeClock(testring.Begin),
		membership: testring.NewMembership(states),
	}
	ring := metrics.Enter("my-ring")
	t.Cleanup(ring.Leave)
	c.settler = &settle.Settler{
		Scope: testring.Scope, Membership: c.membership.Load, Moves: settle.NewMoves(), Client: c.Client, Drains: noDrains{},
		Problems: problems.NewTracker(nil, logr.Discard()), Metrics: ring, Log: logr.Discard(),
	}
	return c
}

type noDrains struct{}

func (noDrains) NoteDrain(*metav1.PartialObjectMetadata)    {}
func (noDrains) NoteDraining(*metav1.PartialObjectMetadata) {}

// rebalancer returns the cluster's rebalancer.
func (c *cluster) rebalancer(t *testing.T, kinds ...schema.GroupVersionKind) *Rebalancer {
	t.Helper()
	looked := scope.Scope{Ring: "my-ring"}
	settles := map[schema.GroupVersionKind]settle.Func{}
	for _, kind := range append(kinds, testring.Deployments) {
		looked.Resources = append(looked.Resources, scope.Resource{Kind: kind})
		settles[kind] = c.settler.Settle
	}
	r := New(Config{
		Scope: looked, Membership: c.membership.Load, Settle: settles, CheckPeriod: time.Hour, Concurrency: 4, Clock: c.clock,
		Client: c.Client, Problems: c.settler.Problems, Metrics: c.settler.Metrics,
	})
	t.Cleanup(r.queue.ShutDown)
	return r
}
