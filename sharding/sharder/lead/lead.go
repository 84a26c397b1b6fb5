// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package lead does what only the leading sharder of a ring does.
package lead

import (
	"context"
	"errors"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/assign"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/feed"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/metrics"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/rebalance"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/settle"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/shardlease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/work"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/membership"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// minWait and maxWait are the shortest and the longest wait before a controlled object, whose main object is changing
// hands, is looked at again. A handover takes some hundred milliseconds; a shard that hangs makes it the drain timeout.
const minWait, maxWait = 50 * time.Millisecond, 5 * time.Second

// Ring leads a ring until the context ends: it acts on the leases of shards, assigns and rebalances objects, and fences
// shards that do not let objects go. The environment and the shards have to be running. Nothing outlives it, no goroutine,
// watch, queue or metric: what was remembered is made anew in the next term.
//
// A resource that is not served, or not for the sharder, is reported and tried again; the others are looked after all the
// same. The error says that the scope or the options make no sense.
func Ring(ctx context.Context, environment *Environment, ring scope.Scope, shards *membership.Shards, options Options) error {
	options.Complete()
	if err := errors.Join(ring.Validate(), options.Validate()); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(logr.NewContext(ctx, options.Log))
	defer cancel()
	t := &term{
		environment: environment, scope: ring, shards: shards, options: options,
		metrics: metrics.Enter(ring.Ring), problems: problems.NewTracker(options.OnProblems, options.Log),
	}
	defer t.metrics.Leave()
	return t.run(ctx)
}

// term is one term as the leading sharder of a ring.
type term struct {
	environment *Environment
	scope       scope.Scope
	shards      *membership.Shards
	options     Options
	metrics     *metrics.Ring
	problems    *problems.Tracker
	namespaces  *feed.Namespaces
}

func (t *term) run(ctx context.Context) error {
	selected, err := feed.NewNamespaces(t.environment.metadata, t.scope.Namespaces, t.problems)
	if err != nil {
		return err
	}
	t.namespaces = selected
	group, ctx := errgroup.WithContext(ctx)
	leases := &shardlease.Leases{Client: t.environment.coordination, Clock: t.environment.clock}
	fencer := shardlease.NewFencer(shardlease.FencerConfig{
		DrainTimeout: t.options.DrainTimeout, Clock: t.environment.clock, Scope: t.scope, Client: t.environment.client,
		Membership: t.shards.Membership, Leases: leases, LeaseOf: t.shards.LeaseOf, Metrics: t.metrics, Log: t.options.Log,
	})
	group.Go(func() error { fencer.Run(ctx); return nil })
	settler := &settle.Settler{
		Scope: t.scope, Membership: t.shards.Membership, Moves: settle.NewMoves(), Client: t.environment.client, Drains: fencer,
		Problems: t.problems, Metrics: t.metrics, Log: t.options.Log,
	}
	follower := &settle.Follower{Settler: settler, Mapper: t.environment.mapper, Unassigned: map[schema.GroupKind]settle.Reader{}}

	// All that is told of changes exists before anything is told.
	var assigners []*assign.Assigner
	settles := map[schema.GroupVersionKind]settle.Func{}
	for _, kind := range t.scope.MainKinds() {
		queue := work.NewQueue[types.NamespacedName]("sharder-assigner", work.MinBackoff, work.MaxBackoff)
		assigner := t.newAssigner(kind, settler.Settle, queue)
		assigners = append(assigners, assigner)
		settles[kind] = settler.Settle
		follower.Unassigned[kind.GroupKind()] = assigner
	}
	for _, kind := range t.scope.ControlledKinds() {
		queue := work.NewQueue[types.NamespacedName]("sharder-follower", minWait, maxWait)
		assigners = append(assigners, t.newAssigner(kind, follower.Follow, queue))
		settles[kind] = follower.Follow
	}
	for _, assigner := range assigners {
		t.assign(ctx, group, assigner)
	}
	rebalancer := t.newRebalancer(settles)
	t.rebalance(ctx, group, rebalancer)
	defer t.shards.Follow(func(c membership.Change) {
		t.options.Log.Info("The ring changed", "joined", c.Joined, "left", c.Left, "available", t.shards.Membership().Available())
		rebalancer.MembershipChanged(c.Joined, c.Left)
		for _, assigner := range assigners {
			assigner.LookAgain()
		}
	})()
	defer t.keep(ctx, group, shardlease.NewKeeper(t.shards.Observed, leases, settler.Moves.None, t.options.Log))()
	return group.Wait()
}

func (t *term) newAssigner(kind schema.GroupVersionKind, settle settle.Func, queue work.Queue[types.NamespacedName]) *assign.Assigner {
	return assign.New(assign.Config{
		Watch: assign.Watch{
			Kind: kind, LabelShard: t.scope.LabelShard(), Namespaces: t.namespaces, Clock: t.environment.clock,
			Mapper: t.environment.mapper, Client: t.environment.metadata, Problems: t.problems,
		},
		Settle: settle, Concurrency: t.options.Concurrency, Queue: queue,
	})
}

// assign assigns objects as they come.
func (t *term) assign(ctx context.Context, group *errgroup.Group, assigner *assign.Assigner) {
	group.Go(func() error { return assigner.Watch(ctx) })
	group.Go(func() error {
		defer t.metrics.ExposeUnassigned(assigner.Kind(), assigner.Count)()
		assigner.Run(ctx)
		return nil
	})
}

func (t *term) newRebalancer(settle map[schema.GroupVersionKind]settle.Func) *rebalance.Rebalancer {
	return rebalance.New(rebalance.Config{
		Scope: t.scope, Namespaces: t.namespaces, Membership: t.shards.Membership, Settle: settle,
		CheckPeriod: t.options.CheckPeriod, Concurrency: t.options.Concurrency, Clock: t.environment.clock,
		Client: t.environment.client, Problems: t.problems, Metrics: t.metrics,
	})
}

// rebalance walks over objects when the membership or the selected namespaces change.
func (t *term) rebalance(ctx context.Context, group *errgroup.Group, rebalancer *rebalance.Rebalancer) {
	group.Go(func() error { rebalancer.Run(ctx); return nil })
	if t.namespaces == nil {
		return
	}
	changed, stop := t.namespaces.Follow()
	group.Go(func() error { t.namespaces.Run(ctx); return nil })
	group.Go(func() error {
		defer stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-changed:
				rebalancer.Check() // the objects of a namespace that is selected now may be anywhere
			}
		}
	})
}

// keep acts on the leases after each look at them, until stop is called.
func (t *term) keep(ctx context.Context, group *errgroup.Group, keeper *shardlease.Keeper) (stop func()) {
	look := func() {
		t.metrics.SetMembership(t.shards.Membership())
		keeper.Look()
	}
	stop = t.shards.Watch(look)
	look()
	group.Go(func() error { keeper.Run(ctx); return nil })
	return stop
}
