// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"context"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// background ends what runs for rings when the manager stops.
type background struct {
	rings  *Rings
	cancel context.CancelFunc
}

var _ manager.LeaderElectionRunnable = &background{}

// NeedLeaderElection is false: every replica knows the shards of all rings.
func (b *background) NeedLeaderElection() bool { return false }

// Start waits for the end.
func (b *background) Start(ctx context.Context) error {
	<-ctx.Done()
	b.cancel()
	for _, name := range b.rings.names() {
		if member := b.rings.remove(name); member != nil {
			member.leave()
		}
	}
	return nil
}

// queue lets others than watches ask for a ring to be looked at.
type queue struct {
	mu    sync.Mutex
	inner workqueue.TypedRateLimitingInterface[reconcile.Request]
}

var _ source.Source = &queue{}

// Start gets the controller's queue.
func (q *queue) Start(_ context.Context, inner workqueue.TypedRateLimitingInterface[reconcile.Request]) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.inner = inner
	return nil
}

// add does nothing before the controller has started: then it looks at all rings anyway.
func (q *queue) add(ring string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.inner != nil {
		q.inner.Add(reconcile.Request{NamespacedName: types.NamespacedName{Name: ring}})
	}
}
