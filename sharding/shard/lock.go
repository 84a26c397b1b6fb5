// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

// leaseLock is the shard lease as the lock of an ordinary leader election. It differs from the usual lock in four ways:
//
//   - The holder is named after the shard, so two processes may have the same identity. A lease that another process
//     of that name holds is shown to the elector as held by somebody else, so that it waits. If such a lease is deleted,
//     it is shown like that for one lease duration more, because its holder may not have noticed.
//   - A process that held the lease and lost it never takes it again: it tells the guard, and has to restart.
//   - Who acquires the lease empties its state: what the sharder made of the last holder says nothing about this one.
//   - The lease is released only if nothing is in flight; else it has to expire.
type leaseLock struct {
	*resourcelock.LeaseLock
	guard *guard
	log   logr.Logger

	// claim is what this process wrote, or tried to write, when it acquired the lease.
	claim  resourcelock.LeaderElectionRecord
	held   bool
	waited bool

	others    bool      // whether somebody else held the lease when it was read last
	goneSince time.Time // when the lease of somebody else was found to be deleted; zero if it was not
}

var _ resourcelock.Interface = &leaseLock{}

func newLeaseLock(client coordinationv1client.LeasesGetter, namespace, ring, shard string, guard *guard, log logr.Logger) *leaseLock {
	return &leaseLock{
		LeaseLock: &resourcelock.LeaseLock{
			LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: shard},
			Client:     client,
			LockConfig: resourcelock.ResourceLockConfig{Identity: shard},
			Labels:     map[string]string{shardingv1alpha1.LabelControllerRing: ring},
		},
		guard: guard,
		log:   log,
	}
}

// Get returns the lease's record as the elector has to see it.
func (l *leaseLock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.LeaseLock.Get(ctx)
	switch {
	case apierrors.IsNotFound(err):
		if l.held {
			l.guard.lose(fmt.Errorf("lease %s was deleted", l.Describe()))
		}
		if l.othersMayNotHaveNoticed() {
			return &resourcelock.LeaderElectionRecord{HolderIdentity: l.Identity() + " (another process)"}, []byte("deleted"), nil
		}
		return nil, nil, err
	case err != nil:
		return nil, nil, err
	}
	l.goneSince = time.Time{}
	if l.others = !l.isClaimed(record) && record.HolderIdentity != ""; l.isClaimed(record) {
		return record, raw, nil
	}

	if l.held {
		l.guard.lose(fmt.Errorf("lease %s was taken by %q", l.Describe(), record.HolderIdentity))
	}
	if record.HolderIdentity == l.Identity() {
		record.HolderIdentity += " (another process)"
		if !l.waited {
			l.waited = true
			l.log.Info("Another process with this shard name holds the shard lease, or did so until recently: waiting until it is released or expires",
				"lease", l.Describe())
		}
	}
	return record, raw, nil
}

// othersMayNotHaveNoticed reports whether the lease, which is gone, was deleted while somebody else held it, less than a
// lease duration ago as far as this process can know.
func (l *leaseLock) othersMayNotHaveNoticed() bool {
	if !l.others {
		return false
	}
	now := l.guard.clock.Now()
	if l.goneSince.IsZero() {
		l.goneSince = now
		l.log.Info("The shard lease was deleted while another process held it: waiting for a lease duration until that must have noticed",
			"lease", l.Describe())
	}
	return elapsed(l.goneSince, now) < l.guard.leaseDuration
}

// ready reports whether the sharder has called the shard ready since this process acquired the lease. It may be asked
// while the lease is renewed, but only after it was acquired.
func (l *leaseLock) ready(ctx context.Context) (bool, error) {
	current, err := l.Client.Leases(l.LeaseMeta.Namespace).Get(ctx, l.LeaseMeta.Name, metav1.GetOptions{})
	if err != nil {
		return false, fmt.Errorf("reading lease %s: %w", l.Describe(), err)
	}
	return current.Labels[shardingv1alpha1.LabelState] == string(lease.Ready) &&
		l.isClaimed(resourcelock.LeaseSpecToLeaderElectionRecord(&current.Spec)), nil
}

// Create creates the lease, acquired.
func (l *leaseLock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.write(ctx, record, l.LeaseLock.Create)
}

// Update acquires, renews or releases the lease.
func (l *leaseLock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	if record.HolderIdentity == "" {
		if err := l.guard.release(); err != nil {
			return fmt.Errorf("leaving lease %s to expire: %w", l.Describe(), err)
		}
		return l.LeaseLock.Update(ctx, record)
	}
	if !l.held {
		l.Labels[shardingv1alpha1.LabelState] = ""
		defer delete(l.Labels, shardingv1alpha1.LabelState)
	}
	return l.write(ctx, record, l.LeaseLock.Update)
}

func (l *leaseLock) write(ctx context.Context, record resourcelock.LeaderElectionRecord, send func(context.Context, resourcelock.LeaderElectionRecord) error) error {
	if l.held {
		if _, err := l.guard.check(); err != nil {
			return err
		}
	} else {
		l.claim = record
	}

	if err := send(ctx, record); err != nil {
		return err
	}
	// What counts is the time that the lease tells, because the sharder goes by it. It was taken before the elector
	// read the lease and tried to write it for the first time, each of which may have hung for long.
	l.held = true
	l.guard.renew(record.RenewTime.Time)
	return nil
}

// isClaimed reports whether the record goes back to this process. The API server keeps microseconds.
func (l *leaseLock) isClaimed(record *resourcelock.LeaderElectionRecord) bool {
	return record.HolderIdentity == l.claim.HolderIdentity &&
		record.LeaderTransitions == l.claim.LeaderTransitions &&
		record.AcquireTime.UnixMicro() == l.claim.AcquireTime.UnixMicro()
}
