// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

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
	// maxBackoff is the longest wait before something that failed is tried again. It is short, because what waits here
	// is an object that nobody works on.
	maxBackoff = 30 * time.Second

	// maxLeaseBackoff is shorter still: a shard that crashed is all that its objects wait for.
	maxLeaseBackoff = time.Second

	// minWait and maxWait are the shortest and the longest wait before a controlled object, whose main object is changing
	// hands, is looked at again. A handover takes some hundred milliseconds; a shard that hangs makes it the drain timeout.
	minWait, maxWait = 50 * time.Millisecond, 5 * time.Second
)

// queue holds what is to be done.
type queue[request comparable] = workqueue.TypedRateLimitingInterface[request]

func newQueue[request comparable](name string, longestBackoff time.Duration) queue[request] {
	return newQueueWithBackoff[request](name, 5*time.Millisecond, longestBackoff)
}

func newQueueWithBackoff[request comparable](name string, shortest, longest time.Duration) queue[request] {
	return workqueue.NewTypedRateLimitingQueueWithConfig(
		workqueue.NewTypedItemExponentialFailureRateLimiter[request](shortest, longest),
		workqueue.TypedRateLimitingQueueConfig[request]{Name: name},
	)
}

// work does what is in the queue until the context ends, so many requests at a time at most, and shuts the queue down.
//
// It is what a controller of controller-runtime does, but for the workers: those come and go with the requests, because
// a process may have many rings, each with many queues that are empty nearly all the time.
func work[request comparable](ctx context.Context, name string, concurrency int, reconciler reconcile.TypedReconciler[request], queue queue[request]) {
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
			case errors.Is(err, errWaiting):
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
