// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

const (
	// lateWrites is how long after a shard left an assignment to it may still arrive, from somebody who had not heard:
	// the sharder's predecessor, or an admission request that was answered before.
	lateWrites = 3 * time.Second

	// followDelay is how long controlled objects wait after the membership changed: shards that label them themselves do
	// so when their main object is theirs.
	followDelay = time.Second
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
	options    LeadOptions
	clock      clock.PassiveClock
	main       []schema.GroupVersionKind
	controlled []schema.GroupVersionKind
	namespaces *namespaces
	walker     *walker
	members    *members
	metrics    *ringMetrics
	label      string
	queue      queue[pass]

	mu   sync.Mutex
	left map[pass]departure // the sweeps that have not come to an end
}

// departure is why there is a sweep.
type departure struct {
	at    time.Time // when the shard left
	swept bool      // whether its objects were walked over once
}

// membershipChanged starts what the change calls for: who joined gets its share, who left leaves objects behind.
// Controlled objects follow when their main objects have been looked at.
func (r *rebalancer) membershipChanged(c change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	start := func(kind schema.GroupVersionKind, delay time.Duration) {
		for _, shard := range c.left {
			sweep := pass{kind: kind, shard: shard}
			r.left[sweep] = departure{at: r.clock.Now()}
			r.queue.AddAfter(sweep, delay)
		}
		if len(c.joined) > 0 {
			r.queue.AddAfter(pass{kind: kind}, delay)
		}
	}
	for _, kind := range r.main {
		start(kind, 0)
	}
	for _, kind := range r.controlled {
		start(kind, followDelay)
	}
}

// check starts a pass over all objects.
func (r *rebalancer) check() {
	for _, kind := range slices.Concat(r.main, r.controlled) {
		r.queue.Add(pass{kind: kind})
	}
}

func (r *rebalancer) Reconcile(ctx context.Context, p pass) (reconcile.Result, error) {
	if p.shard != "" {
		return r.sweep(ctx, p)
	}
	if !r.namespaces.known() {
		return reconcile.Result{}, errNamespacesUnknown
	}
	tour, err := r.walk(ctx, p, client.HasLabels{r.label})
	switch {
	case err != nil:
		return reconcile.Result{}, err
	case tour.waiting > 0:
		return reconcile.Result{RequeueAfter: tour.pause()}, nil
	}
	return reconcile.Result{RequeueAfter: wait.Jitter(r.options.CheckPeriod, 0.1)}, nil
}

// sweep moves the objects of a shard that left, again and again until none is found, and none can come any more.
func (r *rebalancer) sweep(ctx context.Context, p pass) (reconcile.Result, error) {
	r.mu.Lock()
	left := r.left[p]
	r.mu.Unlock()
	since := r.clock.Since(left.at)

	membership := r.members.load()
	if !membership.State(p.shard).Gone() || len(membership.Available()) == 0 {
		r.end(p, left) // it is back, or the next shard to join starts a pass over all objects
		return reconcile.Result{}, nil
	}

	tour, err := r.walk(ctx, p, client.MatchingLabels{r.label: p.shard})
	left = r.noteSwept(p, left) // even if it failed, or passes over all objects would make way for ever
	if err != nil {
		return reconcile.Result{}, err
	}
	unsettled := tour.found
	if r.follows(p.kind) { // what is controlled by nothing of the ring stays
		unsettled = tour.written + tour.waiting
	}
	if unsettled > 0 || since < lateWrites {
		return reconcile.Result{RequeueAfter: max(lateWrites-since, tour.pause())}, nil
	}
	r.end(p, left)
	return reconcile.Result{}, nil
}

// walk walks over the objects. A pass over all of them leaves out namespaces that are not selected: their objects stay where
// they are, as long as their shard does.
func (r *rebalancer) walk(ctx context.Context, p pass, selector client.ListOption) (tour, error) {
	begun := r.clock.Now()
	w := walk{kind: p.kind, selector: selector}
	if p.shard == "" {
		w.selects = r.namespaces.selects
		w.mustStop = r.mustYield
	}
	done, err := r.walker.walk(ctx, w)
	done.took = r.clock.Since(begun)
	r.metrics.walked(p, done.took)
	if done.stopped {
		r.queue.Add(p) // to begin again, behind the sweeps
	}
	if done.found > 0 {
		logr.FromContextOrDiscard(ctx).V(1).Info("Walked over assigned objects",
			"kind", p.kind.Kind, "shard", p.shard, "objects", done.found, "waiting", done.waiting, "duration", done.took)
	}
	return done, err
}

func (r *rebalancer) follows(kind schema.GroupVersionKind) bool {
	return slices.Contains(r.controlled, kind)
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
func (r *rebalancer) mustYield() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for sweep, departure := range r.left {
		if !departure.swept && !r.follows(sweep.kind) {
			return true
		}
	}
	return false
}
