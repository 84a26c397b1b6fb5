// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	kerrors "k8s.io/apimachinery/pkg/util/errors"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

// moveCheck is how soon the tracker looks again whether the moves that it waits for have ended. They take milliseconds.
const moveCheck = 10 * time.Millisecond

// tracker knows the shards of a ring by their leases. It looks at all of them together, whenever one of them changes
// and whenever time alone changes a state. It publishes the membership and then acts on the leases.
type tracker struct {
	ring    string
	clock   clock.PassiveClock
	contact *contact
	cache   cache.Cache // holds the ring's leases only
	leases  *leases
	members *members
	moves   *movesUnderWay
	metrics ringMetrics
	log     logr.Logger

	seen map[string]lease.Observation
}

// leasesChanged is the tracker's only request: all leases are evaluated together.
type leasesChanged struct{}

func (t *tracker) source() source.TypedSource[leasesChanged] {
	return source.TypedKind(t.cache, &coordinationv1.Lease{}, handler.TypedEnqueueRequestsFromMapFunc(
		func(context.Context, *coordinationv1.Lease) []leasesChanged { return []leasesChanged{{}} }))
}

func (t *tracker) Reconcile(ctx context.Context, _ leasesChanged) (reconcile.Result, error) {
	now := t.clock.Now()
	if err := t.observe(ctx, now); err != nil {
		return reconcile.Result{}, err
	}
	observations := make([]lease.Observation, 0, len(t.seen))
	for _, observation := range t.seen {
		observations = append(observations, observation)
	}
	shards := lease.Evaluate(observations, now, t.contact.at())

	change := t.members.publish(t.ring, shards)
	t.metrics.setMembership(t.members.load())
	if len(change.joined) > 0 || len(change.left) > 0 {
		t.log.Info("The ring changed", "joined", change.joined, "left", change.left, "available", t.members.load().Available())
	}

	var errs []error
	var next time.Time
	for _, shard := range shards {
		if shard.State == lease.Ready && !t.moves.none(shard.Name) {
			// It came back while its objects are moved away, and begins to work when it is labelled ready.
			shard.Next = now.Add(moveCheck)
		} else {
			errs = append(errs, t.act(ctx, shard))
		}
		if !shard.Next.IsZero() && (next.IsZero() || shard.Next.Before(next)) {
			next = shard.Next
		}
	}
	if err := kerrors.NewAggregate(errs); err != nil {
		return reconcile.Result{}, err
	}
	if next.IsZero() {
		return reconcile.Result{}, nil
	}
	return reconcile.Result{RequeueAfter: max(next.Sub(now), time.Millisecond)}, nil
}

// observe brings what was seen up to date with the cache. A lease that vanished while its shard held it, or was fenced,
// is kept until the shard must have noticed, because it may still be running.
func (t *tracker) observe(ctx context.Context, now time.Time) error {
	list := &coordinationv1.LeaseList{}
	if err := t.cache.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("listing leases from the cache: %w", err)
	}
	seen := make(map[string]lease.Observation, len(list.Items))
	for i := range list.Items {
		current := &list.Items[i]
		observation, known := t.seen[current.Name]
		if !known || observation.DeletedHeld || observation.Lease.ResourceVersion != current.ResourceVersion {
			observation = lease.Observation{Lease: current, SeenAt: now}
		}
		seen[current.Name] = observation
	}
	for name, observation := range t.seen {
		if _, exists := seen[name]; exists {
			continue
		}
		observation.DeletedHeld = true
		if lease.Evaluate([]lease.Observation{observation}, now, now)[0].State == lease.Fenced {
			seen[name] = observation
		}
	}
	t.seen = seen
	return nil
}

// act does with the shard's lease what its state asks for. If somebody else wrote the lease in the meantime, that
// change is on its way here and will be looked at.
func (t *tracker) act(ctx context.Context, shard lease.Shard) error {
	observation := t.seen[shard.Name]
	if observation.DeletedHeld {
		return nil
	}
	var err error
	switch {
	case shard.State == lease.Uncertain:
		if err = t.leases.acquire(ctx, observation.Lease); err == nil {
			t.log.Info("Took the lease of a shard that went silent", "shard", shard.Name)
		}
	case shard.State == lease.Orphaned:
		err = t.leases.remove(ctx, observation.Lease)
	case observation.Lease.Labels[shardingv1alpha1.LabelState] != string(shard.State):
		err = t.leases.label(ctx, observation.Lease, shard.State)
	}
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("acting on the lease of shard %s in state %s: %w", shard.Name, shard.State, err)
	}
	return nil
}
