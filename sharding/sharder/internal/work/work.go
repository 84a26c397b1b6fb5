// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package work does what is in a queue. It is what a controller of controller-runtime does, but for the workers: those come
// and go with the requests, because a process may have many rings, each with many queues that are empty nearly all the time.
package work

import (
	"context"
	"errors"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// MinBackoff is the wait before something is tried again that failed once.
	MinBackoff = 5 * time.Millisecond

	// MaxBackoff is the longest wait before something that failed is tried again. It is short, because what waits here
	// is an object that nobody works on.
	MaxBackoff = 30 * time.Second
)

// ErrWaiting has a request tried again like one that failed, without a word about it: somebody else has to act first.
var ErrWaiting = errors.New("somebody else has to act first")

// Queue holds what is to be done.
type Queue[request comparable] = workqueue.TypedRateLimitingInterface[request]

// NewQueue returns a queue whose requests wait so long, at the shortest and at the longest, when they failed.
func NewQueue[request comparable](name string, shortest, longest time.Duration) Queue[request] {
	return workqueue.NewTypedRateLimitingQueueWithConfig(
		workqueue.NewTypedItemExponentialFailureRateLimiter[request](shortest, longest),
		workqueue.TypedRateLimitingQueueConfig[request]{Name: name},
	)
}

// Run does what is in the queue until the context ends, so many requests at a time at most, and shuts the queue down.
func Run[request comparable](ctx context.Context, name string, concurrency int, reconciler reconcile.TypedReconciler[request], queue Queue[request]) {
	log := logr.FromContextOrDiscard(ctx).WithValues("controller", name)
	stop := context.AfterFunc(ctx, queue.ShutDown)
	defer queue.ShutDown()
	defer stop()

	var workers errgroup.Group
	workers.SetLimit(concurrency)
	for {
		next, over := queue.Get()
		if over || ctx.Err() != nil {
			break
		}
		workers.Go(func() error {
			defer queue.Done(next)
			result, err := reconciler.Reconcile(ctx, next)
			switch {
			case ctx.Err() != nil: // what fails now fails because of that
			case errors.Is(err, ErrWaiting):
				queue.AddRateLimited(next)
			case err != nil:
				log.Error(err, "Reconciling failed, it is tried again", "request", next)
				queue.AddRateLimited(next)
			case result.RequeueAfter > 0:
				queue.Forget(next)
				queue.AddAfter(next, result.RequeueAfter)
			default:
				queue.Forget(next)
			}
			return nil
		})
	}
	_ = workers.Wait()
}
