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
}

func (t *term) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	leases := &leases{client: t.environment.coordination, clock: t.environment.clock}
	fencer := &fencer{
		options: t.options, clock: t.environment.clock, scope: t.scope, client: t.environment.client, members: t.shards.members,
		leases: leases, find: t.shards.leaseOf, metrics: t.metrics, log: t.options.Log,
		queue: newQueue[string]("sharder-fencer", maxBackoff), samples: map[string]sample{},
	}
	settler := &settler{
		scope: t.scope, members: t.shards.members, moves: newMovesUnderWay(), client: t.environment.client, fencer: fencer,
		problems: t.problems, metrics: t.metrics, log: t.options.Log,
	}
	rebalancer := newRebalancer(t.options, t.environment.clock, t.scope.mainKinds(), settler)
	group.Go(func() error { work(ctx, "sharder-fencer", 1, fencer, fencer.queue); return nil })
	group.Go(func() error { work(ctx, "sharder-rebalancer", 1, rebalancer, rebalancer.queue); return nil })

	var lookAgain []func()
	for _, kind := range t.scope.mainKinds() {
		lookAgain = append(lookAgain, t.assign(ctx, group, kind, settler))
	}
	defer t.shards.members.follow(func(c change) {
		t.options.Log.Info("The ring changed", "joined", c.joined, "left", c.left, "available", t.shards.Membership().Available())
		rebalancer.membershipChanged(c)
		for _, look := range lookAgain {
			look()
		}
	})()
	defer t.keep(ctx, group, leases, settler.moves)()
	return group.Wait()
}

// assign assigns the objects of a main kind as they come. The returned function looks again at those that have come.
func (t *term) assign(ctx context.Context, group *errgroup.Group, kind schema.GroupVersionKind, settler *settler) (lookAgain func()) {
	queue := newQueue[types.NamespacedName]("sharder-assigner", maxBackoff)
	objects := &unassigned{
		kind: kind, selector: "!" + t.scope.labelShard(), clock: t.environment.clock, mapper: t.environment.mapper,
		client: t.environment.metadata, problems: t.problems, changed: queue.Add, feeds: map[string]*feed{},
	}
	assigner := &assigner{objects: objects, settler: settler, queue: queue}
	group.Go(func() error { return objects.run(ctx) })
	group.Go(func() error {
		defer t.metrics.exposeUnassigned(kind, func() int { return len(objects.names()) })()
		work(ctx, "sharder-assigner", t.options.Concurrency, assigner, queue)
		return nil
	})
	return assigner.lookAgain
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
