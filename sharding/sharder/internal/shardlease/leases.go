// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package shardlease writes the leases of shards, as the leading sharder of their ring: the Keeper takes those of shards
// that went silent and deletes those of shards that are long dead, the Fencer takes those of shards that do not let an
// object go.
package shardlease

import (
	"context"
	"math"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

// Leases writes the leases of shards, each in its own namespace. All writes carry the resource version that they were
// decided on.
type Leases struct {
	Client coordinationv1client.LeasesGetter
	Clock  clock.PassiveClock
}

// acquire takes the lease of a shard that is uncertain. That it succeeds proves that the API server works; afterwards
// the shard is dead, as it cannot renew.
func (l *Leases) acquire(ctx context.Context, current *coordinationv1.Lease) error {
	taken := current.DeepCopy()
	l.take(taken)
	delete(taken.Annotations, shardingv1alpha1.AnnotationFencedUntil)
	metav1.SetMetaDataLabel(&taken.ObjectMeta, shardingv1alpha1.LabelState, string(lease.Dead))
	_, err := l.Client.Leases(taken.Namespace).Update(ctx, taken, metav1.UpdateOptions{})
	return err
}

// fence takes the lease of a shard that may be alive. Until the lease would have expired, the shard counts as neither
// available nor gone. A lease that is not held by its shard any more is left alone; then false is returned.
func (l *Leases) fence(ctx context.Context, shard types.NamespacedName) (bool, error) {
	current, err := l.Client.Leases(shard.Namespace).Get(ctx, shard.Name, metav1.GetOptions{})
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil || !lease.HeldByShard(current) {
		return false, err
	}
	until := l.Clock.Now().Add(lease.Duration(current))
	l.take(current)
	metav1.SetMetaDataAnnotation(&current.ObjectMeta, shardingv1alpha1.AnnotationFencedUntil, until.UTC().Format(time.RFC3339Nano))
	metav1.SetMetaDataLabel(&current.ObjectMeta, shardingv1alpha1.LabelState, string(lease.Fenced))
	_, err = l.Client.Leases(current.Namespace).Update(ctx, current, metav1.UpdateOptions{})
	return err == nil, err
}

// take makes the sharder the holder, for twice the duration that the shard had.
func (l *Leases) take(lse *coordinationv1.Lease) {
	now := metav1.NewMicroTime(l.Clock.Now())
	lse.Spec.LeaseDurationSeconds = new(int32(min(2*lease.Duration(lse).Seconds(), math.MaxInt32)))
	lse.Spec.HolderIdentity = ptr.To(shardingv1alpha1.HolderSharder)
	lse.Spec.LeaseTransitions = new(ptr.Deref(lse.Spec.LeaseTransitions, 0) + 1)
	lse.Spec.AcquireTime = &now
	lse.Spec.RenewTime = &now
}

// label writes the state for people to see.
func (l *Leases) label(ctx context.Context, current *coordinationv1.Lease, state lease.State) error {
	labelled := current.DeepCopy()
	metav1.SetMetaDataLabel(&labelled.ObjectMeta, shardingv1alpha1.LabelState, string(state))
	_, err := l.Client.Leases(labelled.Namespace).Update(ctx, labelled, metav1.UpdateOptions{})
	return err
}

// remove deletes the lease of an orphaned shard.
func (l *Leases) remove(ctx context.Context, current *coordinationv1.Lease) error {
	return l.Client.Leases(current.Namespace).Delete(ctx, current.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &current.UID, ResourceVersion: &current.ResourceVersion},
	})
}
