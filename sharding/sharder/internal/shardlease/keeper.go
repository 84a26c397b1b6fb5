// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

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
)

// keeper does with the leases of shards what their states ask for: it takes those of shards that went silent, deletes
// those of shards that are long dead, and labels them all for people to see.
type keeper struct {
	shards *Shards
	leases *leases
	moves  *movesUnderWay
	log    logr.Logger
}

// moveCheck is how soon the keeper looks again whether the moves that it waits for have ended. They take milliseconds.
const moveCheck = 10 * time.Millisecond

// allLeases is the keeper's only request.
type allLeases struct{}

func (k *keeper) Reconcile(ctx context.Context, _ allLeases) (reconcile.Result, error) {
	var errs []error
	var result reconcile.Result
	for _, shard := range k.shards.shards() {
		if shard.State == lease.Ready && !k.moves.none(shard.Name) {
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
func (k *keeper) act(ctx context.Context, shard observedShard) error {
	if shard.deleted {
		return nil
	}
	var err error
	switch {
	case shard.State == lease.Uncertain:
		if err = k.leases.acquire(ctx, shard.lease); err == nil {
			k.log.Info("Took the lease of a shard that went silent", "shard", shard.Name)
		}
	case shard.State == lease.Orphaned:
		err = k.leases.remove(ctx, shard.lease)
	case shard.lease.Labels[shardingv1alpha1.LabelState] != string(shard.State):
		err = k.leases.label(ctx, shard.lease, shard.State)
	}
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("acting on the lease of shard %s in state %s: %w", shard.Name, shard.State, err)
	}
	return nil
}
