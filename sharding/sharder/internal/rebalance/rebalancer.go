// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package rebalance walks over assigned objects when that is called for, page by page, and remembers none of them.
package rebalance

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/selection"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/feed"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/metrics"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/settle"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/work"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

const (
	// lateWrites is how long after a shard left an assignment to it may still arrive, from somebody who had not heard:
	// the sharder's predecessor, or an admission request that was answered before.
	lateWrites = 3 * time.Second

	// followDelay is how long controlled objects wait after the membership changed: shards that label them themselves do
	// so when their main object is theirs.
	followDelay = time.Second

	// strayPeriod is how often there is a look for objects of shards that are gone or were never there. An assignment may
	// arrive later than lateWrites, and a manifest may carry the labels of another cluster.
	strayPeriod = time.Minute
)

// pass is a walk over assigned objects of one kind: those of the shard, which has left, or those of all shards that are not
// there, or else all.
type pass struct {
	kind   schema.GroupVersionKind
	shard  string
	strays bool
}

// Rebalancer walks over assigned objects after the membership changed. It makes one pass at a time: two that meet at an
// object would both decide to move it, and one would be refused.
type Rebalancer struct {
	Config
	walker *walker
	queue  work.Queue[pass]

	mu   sync.Mutex
	left map[pass]departure // the sweeps that have not come to an end
}

// Config is what a Rebalancer needs.
type Config struct {
	Scope      scope.Scope
	Namespaces *feed.Namespaces
	Membership func() *plan.Membership
	// Settle says who settles objects, by kind: main and controlled ones.
	Settle map[schema.GroupVersionKind]settle.Func

	CheckPeriod time.Duration
	Concurrency int
	Clock       clock.PassiveClock
	Client      client.Client // not cached
	Problems    *problems.Tracker
	Metrics     *metrics.Ring
}

// New returns a rebalancer that has nothing to do.
func New(config Config) *Rebalancer {
	return &Rebalancer{
		Config: config,
		walker: &walker{client: config.Client, problems: config.Problems, concurrency: config.Concurrency, settle: config.Settle},
		queue:  work.NewQueue[pass]("sharder-rebalancer", work.MinBackoff, work.MaxBackoff),
		left:   map[pass]departure{},
	}
}

// Run walks over objects until the context ends.
func (r *Rebalancer) Run(ctx context.Context) {
	for _, kind := range r.kinds() {
		r.queue.AddAfter(pass{kind: kind, strays: true}, strayPeriod)
	}
	work.Run(ctx, "sharder-rebalancer", 1, r, r.queue)
}

func (r *Rebalancer) kinds() []schema.GroupVersionKind {
	return slices.Concat(r.Scope.MainKinds(), r.Scope.ControlledKinds())
}

// departure is why there is a sweep.
type departure struct {
	at    time.Time // when the shard left
	swept bool      // whether its objects were walked over once
}

// MembershipChanged starts what a change calls for: who joined gets its share, who left leaves objects behind.
// Controlled objects follow when their main objects have been looked at.
func (r *Rebalancer) MembershipChanged(joined, left []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	start := func(kind schema.GroupVersionKind, delay time.Duration) {
		for _, shard := range left {
			sweep := pass{kind: kind, shard: shard}
			r.left[sweep] = departure{at: r.Clock.Now()}
			r.queue.AddAfter(sweep, delay)
		}
		if len(joined) > 0 {
			r.queue.AddAfter(pass{kind: kind}, delay)
		}
	}
	for _, kind := range r.Scope.MainKinds() {
		start(kind, 0)
	}
	for _, kind := range r.Scope.ControlledKinds() {
		start(kind, followDelay)
	}
}

// Check starts a pass over all objects.
func (r *Rebalancer) Check() {
	for _, kind := range r.kinds() {
		r.queue.Add(pass{kind: kind})
	}
}

// Reconcile makes the pass.
func (r *Rebalancer) Reconcile(ctx context.Context, p pass) (reconcile.Result, error) {
	if p.shard != "" {
		return r.sweep(ctx, p)
	}
	if !r.Namespaces.Known() {
		return reconcile.Result{}, feed.ErrNamespacesUnknown
	}
	if p.strays {
		return r.collectStrays(ctx, p)
	}
	tour, err := r.walk(ctx, p, client.HasLabels{r.Scope.LabelShard()})
	switch {
	case err != nil:
		return reconcile.Result{}, err
	case tour.waiting > 0:
		return reconcile.Result{RequeueAfter: tour.pause()}, nil
	}
	return reconcile.Result{RequeueAfter: wait.Jitter(r.CheckPeriod, 0.1)}, nil
}

// sweep moves the objects of a shard that left, again and again until none is found, and none can come any more.
func (r *Rebalancer) sweep(ctx context.Context, p pass) (reconcile.Result, error) {
	r.mu.Lock()
	left := r.left[p]
	r.mu.Unlock()
	since := r.Clock.Since(left.at)

	membership := r.Membership()
	if !membership.State(p.shard).Gone() || len(membership.Available()) == 0 {
		r.end(p, left) // it is back, or the next shard to join starts a pass over all objects
		return reconcile.Result{}, nil
	}

	tour, err := r.walk(ctx, p, client.MatchingLabels{r.Scope.LabelShard(): p.shard})
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

// collectStrays moves the objects of shards that are gone or were never there. There are next to none, so the answer is short,
// however many objects there are.
func (r *Rebalancer) collectStrays(ctx context.Context, p pass) (reconcile.Result, error) {
	again := reconcile.Result{RequeueAfter: wait.Jitter(strayPeriod, 0.1)}
	membership := r.Membership()
	if len(membership.Available()) == 0 {
		return again, nil
	}
	owners := slices.DeleteFunc(membership.Known(), func(shard string) bool { return membership.State(shard).Gone() })
	slices.Sort(owners)
	var others []labels.Requirement
	for _, is := range []struct {
		operator selection.Operator
		shards   []string
	}{{selection.Exists, nil}, {selection.NotIn, owners}} {
		requirement, err := labels.NewRequirement(r.Scope.LabelShard(), is.operator, is.shards)
		if err != nil {
			return reconcile.Result{}, fmt.Errorf("selecting what belongs to other shards: %w", err)
		}
		others = append(others, *requirement)
	}
	tour, err := r.walk(ctx, p, client.MatchingLabelsSelector{Selector: labels.NewSelector().Add(others...)})
	if tour.waiting > 0 {
		again.RequeueAfter = tour.pause()
	}
	return again, err
}

// walk walks over the objects. A pass over all of them leaves out namespaces that are not selected: their objects stay where
// they are, as long as their shard does.
func (r *Rebalancer) walk(ctx context.Context, p pass, selector client.ListOption) (tour, error) {
	begun := r.Clock.Now()
	w := walk{kind: p.kind, selector: selector}
	if p.shard == "" {
		w.selects = r.Namespaces.Selects
		w.mustStop = r.mustYield
	}
	done, err := r.walker.walk(ctx, w)
	done.took = r.Clock.Since(begun)
	if p.shard == "" && !p.strays {
		r.Metrics.ObserveCheck(done.took)
	} else {
		r.Metrics.ObserveSweep(done.took)
	}
	if done.stopped {
		r.queue.Add(p) // to begin again, behind the sweeps
	}
	if done.found > 0 {
		logr.FromContextOrDiscard(ctx).V(1).Info("Walked over assigned objects",
			"kind", p.kind.Kind, "shard", p.shard, "objects", done.found, "waiting", done.waiting, "duration", done.took)
	}
	return done, err
}

func (r *Rebalancer) follows(kind schema.GroupVersionKind) bool {
	return slices.Contains(r.Scope.ControlledKinds(), kind)
}

// noteSwept notes that the sweep walked once, unless the shard came back and left once more in the meantime.
func (r *Rebalancer) noteSwept(sweep pass, left departure) departure {
	r.mu.Lock()
	defer r.mu.Unlock()
	swept := departure{at: left.at, swept: true}
	if r.left[sweep] == left {
		r.left[sweep] = swept
	}
	return swept
}

// end forgets the sweep, under the same condition.
func (r *Rebalancer) end(sweep pass, left departure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left[sweep] == left {
		delete(r.left, sweep)
	}
}

// mustYield reports whether a pass over all objects has to make way: objects that nobody works on come first.
func (r *Rebalancer) mustYield() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for sweep, departure := range r.left {
		if !departure.swept && !r.follows(sweep.kind) {
			return true
		}
	}
	return false
}
