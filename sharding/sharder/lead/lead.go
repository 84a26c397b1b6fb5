// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"errors"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// Lead does, until the context ends, what only the leading sharder does for a ring: it acts on the leases of shards,
// assigns and rebalances objects, and fences shards that do not let objects go. The environment and the shards have to be
// running. Nothing outlives it, no goroutine, watch, queue or metric: what was remembered is made anew in the next term.
//
// A resource that is not served, or not for the sharder, is reported and tried again; the others are looked after all the
// same. The error says that the scope or the options make no sense.
func Lead(ctx context.Context, environment *Environment, scope Scope, shards *Shards, options LeadOptions) error {
	options.complete()
	if err := errors.Join(scope.validate(), options.validate()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(logr.NewContext(ctx, options.Log))
	defer cancel()
	t := &term{
		environment: environment, scope: scope, shards: shards, options: options,
		metrics: enterRing(scope.Ring), problems: newProblems(options),
	}
	defer t.metrics.leave()
	return t.run(ctx)
}

// term is one term as the leading sharder of a ring.
type term struct {
	environment *Environment
	scope       Scope
	shards      *Shards
	options     LeadOptions
	metrics     *ringMetrics
	problems    *problems
	namespaces  *namespaces
}

func (t *term) run(ctx context.Context) error {
	selected, err := newNamespaces(t.environment.metadata, t.scope.Namespaces, t.problems)
	if err != nil {
		return err
	}
	t.namespaces = selected
	group, ctx := errgroup.WithContext(ctx)
	leases := &leases{client: t.environment.coordination, clock: t.environment.clock}
	fencer := &fencer{
		options: t.options, clock: t.environment.clock, scope: t.scope, client: t.environment.client, members: t.shards.members,
		leases: leases, find: t.shards.leaseOf, metrics: t.metrics, log: t.options.Log,
		queue: newQueue[string]("sharder-fencer", maxBackoff), samples: map[string]sample{},
	}
	group.Go(func() error { work(ctx, "sharder-fencer", 1, fencer, fencer.queue); return nil })
	settler := &settler{
		scope: t.scope, members: t.shards.members, moves: newMovesUnderWay(), client: t.environment.client, fencer: fencer,
		problems: t.problems, metrics: t.metrics, log: t.options.Log,
	}
	follower := &follower{settler: settler, mapper: t.environment.mapper, unassigned: map[schema.GroupKind]unassignedReader{}}

	// All that is told of changes exists before anything is told.
	var assigners []*assigner
	settle := map[schema.GroupVersionKind]settle{}
	for _, kind := range t.scope.mainKinds() {
		settle[kind] = settler.settle
		assigner, objects := t.newAssigner(kind, settler.settle, newQueue[types.NamespacedName]("sharder-assigner", maxBackoff))
		assigners = append(assigners, assigner)
		follower.unassigned[kind.GroupKind()] = objects
	}
	for _, kind := range t.scope.controlledKinds() {
		settle[kind] = follower.follow
		assigner, _ := t.newAssigner(kind, follower.follow, newQueueWithBackoff[types.NamespacedName]("sharder-follower", minWait, maxWait))
		assigners = append(assigners, assigner)
	}
	for _, assigner := range assigners {
		t.assign(ctx, group, assigner)
	}
	rebalancer := t.newRebalancer(settle)
	t.rebalance(ctx, group, rebalancer)
	defer t.shards.members.follow(func(c change) {
		t.options.Log.Info("The ring changed", "joined", c.joined, "left", c.left, "available", t.shards.Membership().Available())
		rebalancer.membershipChanged(c)
		for _, assigner := range assigners {
			assigner.lookAgain()
		}
	})()
	defer t.keep(ctx, group, leases, settler.moves)()
	return group.Wait()
}

// newAssigner returns an assigner of a kind's objects, and those that it is to assign.
func (t *term) newAssigner(kind schema.GroupVersionKind, settle settle, queue queue[types.NamespacedName]) (*assigner, *unassigned) {
	objects := &unassigned{
		kind: kind, selector: "!" + t.scope.labelShard(), clock: t.environment.clock, mapper: t.environment.mapper,
		client: t.environment.metadata, problems: t.problems, namespaces: t.namespaces, changed: queue.Add, feeds: map[string]*feed{},
	}
	return &assigner{kind: kind, objects: objects, settle: settle, queue: queue}, objects
}

// assign assigns objects as they come.
func (t *term) assign(ctx context.Context, group *errgroup.Group, assigner *assigner) {
	group.Go(func() error { return assigner.objects.run(ctx) })
	group.Go(func() error {
		defer t.metrics.exposeUnassigned(assigner.kind, func() int { return len(assigner.objects.names()) })()
		work(ctx, "sharder-assigner", t.options.Concurrency, assigner, assigner.queue)
		return nil
	})
}

func (t *term) newRebalancer(settle map[schema.GroupVersionKind]settle) *rebalancer {
	return &rebalancer{
		options: t.options, clock: t.environment.clock, main: t.scope.mainKinds(), controlled: t.scope.controlledKinds(),
		namespaces: t.namespaces, members: t.shards.members, metrics: t.metrics, label: t.scope.labelShard(),
		walker: &walker{client: t.environment.client, problems: t.problems, concurrency: t.options.Concurrency, settle: settle},
		queue:  newQueue[pass]("sharder-rebalancer", maxBackoff), left: map[pass]departure{},
	}
}

// rebalance walks over objects when the membership or the selected namespaces change.
func (t *term) rebalance(ctx context.Context, group *errgroup.Group, rebalancer *rebalancer) {
	group.Go(func() error { work(ctx, "sharder-rebalancer", 1, rebalancer, rebalancer.queue); return nil })
	if t.namespaces == nil {
		return
	}
	changed, stop := t.namespaces.follow()
	group.Go(func() error { t.namespaces.run(ctx); return nil })
	group.Go(func() error {
		defer stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-changed:
				rebalancer.check() // the objects of a namespace that is selected now may be anywhere
			}
		}
	})
}

// keep acts on the leases after each look at them, until stop is called.
func (t *term) keep(ctx context.Context, group *errgroup.Group, leases *leases, moves *movesUnderWay) (stop func()) {
	keeper := &keeper{shards: t.shards, leases: leases, moves: moves, log: t.options.Log}
	queue := newQueue[allLeases]("sharder-keeper", maxLeaseBackoff)
	look := func() {
		t.metrics.setMembership(t.shards.Membership())
		queue.Add(allLeases{})
	}
	stop = t.shards.Watch(look)
	look()
	group.Go(func() error { work(ctx, "sharder-keeper", 1, keeper, queue); return nil })
	return stop
}
