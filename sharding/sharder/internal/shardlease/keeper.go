// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shardlease

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	kerrors "k8s.io/apimachinery/pkg/util/errors"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/work"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/membership"
)

// Keeper does with the leases of shards what their states ask for: it takes those of shards that went silent, deletes
// those of shards that are long dead, and labels them all for people to see.
type Keeper struct {
	shards    func() []membership.Observed
	leases    *Leases
	noneMoves func(shard string) bool
	log       logr.Logger
	queue     work.Queue[allLeases]
}

const (
	// moveCheck is how soon the keeper looks again whether the moves that it waits for have ended. They take milliseconds.
	moveCheck = 10 * time.Millisecond

	// maxBackoff is shorter than for objects: a shard that crashed is all that its objects wait for.
	maxBackoff = time.Second
)

// allLeases is the keeper's only request.
type allLeases struct{}

// NewKeeper returns the keeper of the shards' leases. None of an object that belongs to a shard may be moved away when the
// shard is told to work: noneMoves reports whether none is.
func NewKeeper(shards func() []membership.Observed, leases *Leases, noneMoves func(shard string) bool, log logr.Logger) *Keeper {
	return &Keeper{
		shards: shards, leases: leases, noneMoves: noneMoves, log: log,
		queue: work.NewQueue[allLeases]("sharder-keeper", work.MinBackoff, maxBackoff),
	}
}

// Run acts on the leases, when it is told to look at them, until the context ends.
func (k *Keeper) Run(ctx context.Context) { work.Run(ctx, "sharder-keeper", 1, k, k.queue) }

// Look has the leases looked at.
func (k *Keeper) Look() { k.queue.Add(allLeases{}) }

// Reconcile looks at all leases.
func (k *Keeper) Reconcile(ctx context.Context, _ allLeases) (reconcile.Result, error) {
	var errs []error
	var result reconcile.Result
	for _, shard := range k.shards() {
		if shard.State == lease.Ready && shard.Contested {
			continue // it is looked at again when that has passed
		}
		if shard.State == lease.Ready && !k.noneMoves(shard.Name) {
			// It came back while its objects are moved away, and begins to work when it is labelled ready.
			result.RequeueAfter = moveCheck
			continue
		}
		errs = append(errs, k.act(ctx, shard))
	}
	return result, kerrors.NewAggregate(errs)
}

// act does with the shard's lease what its state asks for. If somebody else wrote the lease in the meantime, that change
// is on its way here and will be looked at.
func (k *Keeper) act(ctx context.Context, shard membership.Observed) error {
	if shard.Deleted {
		return nil
	}
	var err error
	switch {
	case shard.State == lease.Uncertain:
		if err = k.leases.acquire(ctx, shard.Lease); err == nil {
			k.log.Info("Took the lease of a shard that went silent", "shard", shard.Name)
		}
	case shard.State == lease.Orphaned:
		err = k.leases.remove(ctx, shard.Lease)
	case shard.Lease.Labels[shardingv1alpha1.LabelState] != string(shard.State):
		err = k.leases.label(ctx, shard.Lease, shard.State)
	}
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("acting on the lease of shard %s in state %s: %w", shard.Name, shard.State, err)
	}
	return nil
}
