// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// lead is one term as the leading sharder. Nothing outlives it: caches, queues and what was remembered are made anew in
// the next term.
func (s *sharder) lead(ctx context.Context) error {
	ctx, cancel := context.WithCancel(logr.NewContext(ctx, s.options.Log))
	defer cancel()
	defer s.metrics.resign()

	cached, err := s.newCache()
	if err != nil {
		return fmt.Errorf("creating the sharder's cache: %w", err)
	}
	direct, err := client.New(s.config, client.Options{HTTPClient: s.httpClient, Scheme: scheme.Scheme, Mapper: s.mapper})
	if err != nil {
		return fmt.Errorf("creating the sharder's client: %w", err)
	}

	log := s.options.Log
	members, moves := newMembers(s.ring.Name), newMovesUnderWay()
	leases := &leases{client: s.leases.Leases(s.options.Namespace), clock: s.options.Clock}
	fencer := &fencer{
		options: s.options, ring: s.ring, kinds: s.kinds, client: direct, members: members, leases: leases,
		metrics: s.metrics, log: log, queue: newQueue[string]("sharder-fencer", maxBackoff), samples: map[string]sample{},
	}
	settler := &settler{ring: s.ring, members: members, moves: moves, client: direct, fencer: fencer, metrics: s.metrics, log: log}
	rebalancer := newRebalancer(s.options, s.kinds, settler)
	tracker := &tracker{
		ring: s.ring.Name, clock: s.options.Clock, contact: s.contact, cache: cached, leases: leases, members: members,
		moves: moves, metrics: s.metrics, log: log,
	}

	group, ctx := errgroup.WithContext(ctx)
	defer func() {
		cancel()
		_ = group.Wait() // whatever makes this function return
	}()
	group.Go(func() error { return cached.Start(ctx) })
	run(ctx, group, "sharder-fencer", 1, fencer, fencer.queue)
	run(ctx, group, "sharder-rebalancer", 1, rebalancer, rebalancer.queue)
	members.onChange = append(members.onChange, rebalancer.membershipChanged)
	for _, kind := range s.kinds {
		assigner := &assigner{gvk: kind, cache: cached, settler: settler, queue: newQueue[reconcile.Request]("sharder-assigner", maxBackoff)}
		hide, err := s.metrics.exposeUnassigned(kind, func() int { return len(assigner.unassigned(ctx)) })
		if err != nil {
			return err
		}
		defer hide()
		run(ctx, group, "sharder-assigner", s.options.Concurrency, assigner, assigner.queue, assigner.source())
		members.onChange = append(members.onChange, func(change) { assigner.enqueueAll(ctx) })
	}
	trackerQueue := newQueue[leasesChanged]("sharder-tracker", maxTrackerBackoff)
	trackerQueue.Add(leasesChanged{}) // there may be no lease at all
	run(ctx, group, "sharder-tracker", 1, tracker, trackerQueue, tracker.source())
	return group.Wait()
}
