// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

const (
	// maxBackoff is the longest wait before something that failed is tried again. It is short, because what waits here
	// is an object that nobody works on.
	maxBackoff = 30 * time.Second

	// maxTrackerBackoff is shorter still: a shard that crashed is all that its objects wait for.
	maxTrackerBackoff = time.Second
)

// queue is a controller's queue. It exists before its controller runs, so that the others can add to it.
type queue[request comparable] = workqueue.TypedRateLimitingInterface[request]

func newQueue[request comparable](name string, longestBackoff time.Duration) queue[request] {
	return workqueue.NewTypedRateLimitingQueueWithConfig(
		workqueue.NewTypedItemExponentialFailureRateLimiter[request](5*time.Millisecond, longestBackoff),
		workqueue.TypedRateLimitingQueueConfig[request]{Name: name},
	)
}

// run runs a controller as part of the group until the context ends, which shuts its queue down too.
func run[request comparable](ctx context.Context, group *errgroup.Group, name string, concurrency int,
	reconciler reconcile.TypedReconciler[request], queue queue[request], sources ...source.TypedSource[request],
) {
	log := logr.FromContextOrDiscard(ctx).WithValues("controller", name)
	group.Go(func() error {
		c, err := controller.NewTypedUnmanaged(name, controller.TypedOptions[request]{
			Reconciler:              reconciler,
			MaxConcurrentReconciles: concurrency,
			SkipNameValidation:      new(true), // each term has controllers of the same names
			LogConstructor:          func(*request) logr.Logger { return log },
			NewQueue: func(string, workqueue.TypedRateLimiter[request]) workqueue.TypedRateLimitingInterface[request] {
				return queue
			},
		})
		if err != nil {
			return fmt.Errorf("creating controller %s: %w", name, err)
		}
		for _, source := range sources {
			if err := c.Watch(source); err != nil {
				return fmt.Errorf("adding a source to controller %s: %w", name, err)
			}
		}
		return c.Start(ctx)
	})
}
