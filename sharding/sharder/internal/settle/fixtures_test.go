// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package settle

import (
	"context"
	"testing"

	"github.com/go-logr/logr"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/metrics"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

// cluster is the objects of a ring in an API server, and who settles them.
type cluster struct {
	*testring.Cluster
	membership *testring.Membership
	settler    *Settler
	heard      *heard
}

func newCluster(t *testing.T, states map[string]lease.State, objects ...*appsv1.Deployment) *cluster {
	t.Helper()
	c := &cluster{Cluster: testring.NewCluster(objects...), membership: testring.NewMembership(states), heard: &heard{}}
	ring := metrics.Enter("my-ring")
	t.Cleanup(ring.Leave)
	c.settler = &Settler{
		Scope: testring.Scope, Membership: c.membership.Load, Moves: NewMoves(), Client: c.Client, Drains: c.heard,
		Problems: problems.NewTracker(nil, logr.Discard()), Metrics: ring, Log: logr.Discard(),
	}
	return c
}

// settle settles a main object.
func (c *cluster) settle(ctx context.Context, object *metav1.PartialObjectMetadata) error {
	_, err := c.settler.Settle(ctx, object)
	return err
}

// heard is the names of the objects that were told of as drains.
type heard struct{ drains, left []string }

func (h *heard) NoteDrain(object *metav1.PartialObjectMetadata) {
	h.drains = append(h.drains, object.Name)
}

func (h *heard) NoteDraining(object *metav1.PartialObjectMetadata) {
	h.left = append(h.left, object.Name)
}
