// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// pageSize bounds how many objects are in memory at a time.
	pageSize = 500

	// lateWrites is how long after a shard left an assignment to it may still arrive, from somebody who had not heard:
	// the sharder's predecessor, or an admission request that was answered before.
	lateWrites = 3 * time.Second
)

// pass is a walk over assigned objects of one kind: those of the shard, which has left, or all of them if the shard is
// empty.
type pass struct {
	kind  schema.GroupVersionKind
	shard string
}

// rebalancer walks over assigned objects after the membership changed. It makes one pass at a time: two that meet at an
// object would both decide to move it, and one would be refused.
type rebalancer struct {
	options LeadOptions
	clock   clock.Clock
	kinds   []schema.GroupVersionKind
	settler *settler
	log     logr.Logger
	queue   queue[pass]

	mu   sync.Mutex
	left map[pass]departure // the sweeps that have not come to an end
}

// departure is why there is a sweep.
type departure struct {
	at    time.Time // when the shard left
	swept bool      // whether its objects were walked over once
}

func newRebalancer(options LeadOptions, clock clock.Clock, kinds []schema.GroupVersionKind, settler *settler) *rebalancer {
	return &rebalancer{
		options: options, clock: clock, kinds: kinds, settler: settler, log: options.Log,
		queue: newQueue[pass]("sharder-rebalancer", maxBackoff), left: map[pass]departure{},
	}
}

// membershipChanged starts what the change calls for: who joined gets its share, who left leaves objects behind.
func (r *rebalancer) membershipChanged(c change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, kind := range r.kinds {
		for _, shard := range c.left {
			sweep := pass{kind: kind, shard: shard}
			r.left[sweep] = departure{at: r.clock.Now()}
			r.queue.Add(sweep)
		}
		if len(c.joined) > 0 {
			r.queue.Add(pass{kind: kind})
		}
	}
}

func (r *rebalancer) Reconcile(ctx context.Context, p pass) (reconcile.Result, error) {
	if p.shard == "" {
		if _, err := r.walk(ctx, p, client.HasLabels{r.settler.scope.labelShard()}); err != nil {
			return reconcile.Result{}, err
		}
		return reconcile.Result{RequeueAfter: wait.Jitter(r.options.CheckPeriod, 0.1)}, nil
	}
	return r.sweep(ctx, p)
}

// sweep moves the objects of a shard that left, again and again until none is found, and none can come any more.
func (r *rebalancer) sweep(ctx context.Context, p pass) (reconcile.Result, error) {
	r.mu.Lock()
	left := r.left[p]
	r.mu.Unlock()
	since := r.clock.Since(left.at)

	membership := r.settler.members.load()
	if !membership.State(p.shard).Gone() || len(membership.Available()) == 0 {
		r.end(p, left) // it is back, or the next shard to join starts a pass over all objects
		return reconcile.Result{}, nil
	}

	found, err := r.walk(ctx, p, client.MatchingLabels{r.settler.scope.labelShard(): p.shard})
	left = r.noteSwept(p, left) // even if it failed, or passes over all objects would make way for ever
	if err != nil {
		return reconcile.Result{}, err
	}
	if found > 0 || since < lateWrites {
		return reconcile.Result{RequeueAfter: max(lateWrites-since, time.Second)}, nil
	}
	r.end(p, left)
	return reconcile.Result{}, nil
}

// noteSwept notes that the sweep walked once, unless the shard came back and left once more in the meantime.
func (r *rebalancer) noteSwept(sweep pass, left departure) departure {
	r.mu.Lock()
	defer r.mu.Unlock()
	swept := departure{at: left.at, swept: true}
	if r.left[sweep] == left {
		r.left[sweep] = swept
	}
	return swept
}

// end forgets the sweep, under the same condition.
func (r *rebalancer) end(sweep pass, left departure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left[sweep] == left {
		delete(r.left, sweep)
	}
}

// mustYield reports whether a pass over all objects has to make way: objects that nobody works on come first.
func (r *rebalancer) mustYield(p pass) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, departure := range r.left {
		if p.shard == "" && !departure.swept {
			return true
		}
	}
	return false
}

// walk settles all matching objects, page by page, and returns how many there were. An object that fails does not keep
// the others from being settled.
func (r *rebalancer) walk(ctx context.Context, p pass, selector client.ListOption) (int, error) {
	begun := r.clock.Now()
	found, continueToken := 0, ""
	var group errgroup.Group
	group.SetLimit(r.options.Concurrency)
	for {
		page := newList(p.kind)
		err := r.settler.client.List(ctx, page, selector, client.Limit(pageSize), client.Continue(continueToken))
		r.settler.problems.note(p.kind, "list", err)
		if err != nil {
			_ = group.Wait() // the objects that failed are found again by the next try
			return found, fmt.Errorf("listing assigned objects of kind %s: %w", p.kind.Kind, err)
		}
		for i := range page.Items {
			object := &page.Items[i]
			object.SetGroupVersionKind(p.kind)
			group.Go(func() error { return r.settler.settle(ctx, object) })
		}
		found += len(page.Items)
		if continueToken = page.Continue; continueToken == "" {
			break
		}
		if r.mustYield(p) {
			r.queue.Add(p) // to begin again, behind the sweeps
			break
		}
	}
	err := group.Wait()
	r.settler.metrics.walked(p, r.clock.Since(begun))
	if found > 0 {
		r.log.V(1).Info("Walked over assigned objects", "kind", p.kind.Kind, "shard", p.shard, "objects", found, "duration", r.clock.Since(begun))
	}
	return found, err
}

// newList returns an empty list of objects of the kind. Clients cut off one suffix "List", so it has to be there, for the
// sake of kinds whose own name ends like that.
func newList(kind schema.GroupVersionKind) *metav1.PartialObjectMetadataList {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	return list
}
