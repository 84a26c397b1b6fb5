// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package election

import (
	"context"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

// vacancy watches the sharder's lease and tells as soon as it may be acquired. An elector looks only every other second,
// which is long when the leader takes its shard with it, and it takes the time from when it looked.
type vacancy struct {
	clock clock.Clock
	// signal gets something when the lease is released, and when it was not renewed for as long as it is valid.
	signal chan struct{}

	mu   sync.Mutex
	seen resourcelock.LeaderElectionRecord
	at   time.Time // when it was seen first
}

func (c *Candidate) watchVacancy(ctx context.Context) *vacancy {
	v := &vacancy{clock: c.Clock, signal: make(chan struct{}, 1)}
	changes := make(chan *coordinationv1.Lease)
	changed := func(object any) {
		if current, ok := object.(*coordinationv1.Lease); ok {
			select {
			case changes <- current:
			case <-ctx.Done():
			}
		}
	}
	leases := c.Client.Leases(c.Namespace)
	byName := fields.OneTermEqualSelector(metav1.ObjectNameField, c.LeaseName).String()
	_, controller := toolscache.NewInformerWithOptions(toolscache.InformerOptions{
		ListerWatcher: toolscache.ToListWatcherWithWatchListSemantics(&toolscache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				options.FieldSelector = byName
				return leases.List(ctx, options)
			},
			WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
				options.FieldSelector = byName
				return leases.Watch(ctx, options)
			},
		}, c.Client),
		ObjectType: &coordinationv1.Lease{},
		Handler: toolscache.ResourceEventHandlerFuncs{
			AddFunc:    changed,
			UpdateFunc: func(_, object any) { changed(object) },
		},
	})
	go controller.RunWithContext(ctx)
	go v.follow(ctx, changes)
	return v
}

func (v *vacancy) follow(ctx context.Context, changes <-chan *coordinationv1.Lease) {
	var expiry <-chan time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case current := <-changes:
			expiry = v.clock.After(lease.Duration(current))
			if v.note(current) {
				v.tell()
			}
		case <-expiry:
			v.tell()
		}
	}
}

// note remembers the lease and returns whether it has no holder.
func (v *vacancy) note(current *coordinationv1.Lease) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.seen, v.at = *resourcelock.LeaseSpecToLeaderElectionRecord(&current.Spec), v.clock.Now()
	return v.seen.HolderIdentity == ""
}

func (v *vacancy) tell() {
	select {
	case v.signal <- struct{}{}:
	default:
	}
}

// expired reports whether the record is what was seen last, and was seen for as long as it is valid.
func (v *vacancy) expired(record *resourcelock.LeaderElectionRecord) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return *record == v.seen && v.clock.Since(v.at) >= time.Duration(record.LeaseDurationSeconds)*time.Second
}

// vacantLock shows a lease that is known to have expired as one without a holder, so that an elector acquires it without
// watching it for as long again. If it was renewed after all, acquiring it fails because of the resource version.
type vacantLock struct {
	*resourcelock.LeaseLock
	vacancy *vacancy

	mu sync.Mutex
	// acquiring says that the elector has read that there is no holder, and is about to write that it is, or just did.
	acquiring bool
	// abandoned says that the elector is being stopped. It is shown a lease that is held, so that it neither acquires the
	// lease nor calls it an error that its requests are broken off.
	abandoned bool
}

// abandon reports whether the elector may be stopped now, since it is not acquiring the lease, and never will.
func (l *vacantLock) abandon() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.abandoned = l.abandoned || !l.acquiring
	return l.abandoned
}

// Get returns the lease's record as the elector has to see it.
func (l *vacantLock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, raw, err := l.LeaseLock.Get(ctx)
	if err == nil && l.vacancy.expired(record) {
		record.HolderIdentity = ""
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.abandoned {
		return &resourcelock.LeaderElectionRecord{HolderIdentity: "another elector of this candidate"}, []byte("abandoned"), nil
	}
	l.acquiring = apierrors.IsNotFound(err) || err == nil && record.HolderIdentity == ""
	return record, raw, err
}

// Create creates the lease.
func (l *vacantLock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.tried(l.LeaseLock.Create(ctx, record))
}

// Update acquires, renews or releases the lease.
func (l *vacantLock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	return l.tried(l.LeaseLock.Update(ctx, record))
}

func (l *vacantLock) tried(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acquiring = l.acquiring && err == nil
	return err
}
