// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shardlease

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/metrics"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/work"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// Fencer takes the lease of a shard that does not let a draining object go within the drain timeout.
//
// It remembers one draining object a shard. When that one was let go in time, it picks another, so a shard that lets
// all objects go but one is found out too, if later.
type Fencer struct {
	FencerConfig
	queue work.Queue[string]

	mu      sync.Mutex
	samples map[string]sample
}

// FencerConfig is what a Fencer needs.
type FencerConfig struct {
	DrainTimeout time.Duration
	Clock        clock.PassiveClock
	Scope        scope.Scope
	Client       client.Client // not cached
	Membership   func() *plan.Membership
	Leases       *Leases
	// LeaseOf returns the name of a shard's lease, if it has one.
	LeaseOf func(shard string) (types.NamespacedName, bool)
	Metrics *metrics.Ring
	Log     logr.Logger
}

// NewFencer returns a fencer that knows of no draining object.
func NewFencer(config FencerConfig) *Fencer {
	return &Fencer{
		FencerConfig: config,
		queue:        work.NewQueue[string]("sharder-fencer", work.MinBackoff, work.MaxBackoff),
		samples:      map[string]sample{},
	}
}

// Run looks after draining objects until the context ends.
func (f *Fencer) Run(ctx context.Context) { work.Run(ctx, "sharder-fencer", 1, f, f.queue) }

// sample is a draining object and since when it is known to be draining.
type sample struct {
	object *metav1.PartialObjectMetadata
	since  time.Time
}

// NoteDrain is NoteDraining for an object that was not draining until now. If it is the shard's sample all the same, it
// has been let go and come back since, so its clock starts again.
func (f *Fencer) NoteDrain(object *metav1.PartialObjectMetadata) {
	shard := object.Labels[f.Scope.LabelShard()]
	f.mu.Lock()
	if sample, known := f.samples[shard]; known && sample.object.UID == object.UID {
		delete(f.samples, shard)
	}
	f.mu.Unlock()
	f.NoteDraining(object)
}

// NoteDraining starts the clock if the object is draining and none is running for its shard.
func (f *Fencer) NoteDraining(object *metav1.PartialObjectMetadata) {
	shard, assigned := object.Labels[f.Scope.LabelShard()]
	if _, draining := object.Labels[f.Scope.LabelDrain()]; !assigned || !draining {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.samples[shard]; !known {
		f.samples[shard] = sample{object: object.DeepCopy(), since: f.Clock.Now()}
		f.queue.AddAfter(shard, f.DrainTimeout)
	}
}

// Reconcile looks after the shard's sample.
func (f *Fencer) Reconcile(ctx context.Context, shard string) (reconcile.Result, error) {
	f.mu.Lock()
	sample, known := f.samples[shard]
	f.mu.Unlock()
	if !known {
		return reconcile.Result{}, nil
	}
	if wait := f.DrainTimeout - f.Clock.Since(sample.since); wait > 0 {
		return reconcile.Result{RequeueAfter: wait}, nil
	}

	draining, err := f.stillDraining(ctx, shard, sample)
	if err != nil {
		return reconcile.Result{}, err
	}
	if draining && f.Membership().State(shard).Available() {
		if err := f.fence(ctx, shard, sample); err != nil {
			return reconcile.Result{}, err
		}
	}

	f.mu.Lock()
	delete(f.samples, shard)
	f.mu.Unlock()
	return reconcile.Result{}, f.pickNext(ctx, shard)
}

func (f *Fencer) stillDraining(ctx context.Context, shard string, sample sample) (bool, error) {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(sample.object.GroupVersionKind())
	if err := f.Client.Get(ctx, client.ObjectKeyFromObject(sample.object), object); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	_, draining := object.Labels[f.Scope.LabelDrain()]
	return draining && object.UID == sample.object.UID && object.Labels[f.Scope.LabelShard()] == shard, nil
}

func (f *Fencer) fence(ctx context.Context, shard string, sample sample) error {
	name, known := f.LeaseOf(shard)
	if !known {
		return nil
	}
	taken, err := f.Leases.fence(ctx, name)
	if err != nil {
		return fmt.Errorf("fencing shard %s: %w", shard, err)
	}
	if !taken {
		return nil
	}
	f.Metrics.CountFenced()
	f.Log.Info("Took the lease of a shard that did not let a draining object go; its objects move when it has surely stopped",
		"shard", shard, "kind", sample.object.Kind, "object", client.ObjectKeyFromObject(sample.object), "drainTimeout", f.DrainTimeout)
	return nil
}

// pickNext finds another draining object of the shard, if it is one to be asked.
func (f *Fencer) pickNext(ctx context.Context, shard string) error {
	if !f.Membership().State(shard).Available() {
		return nil
	}
	var errs []error
	for _, kind := range f.Scope.MainKinds() {
		list := scope.ListOf(kind)
		err := f.Client.List(ctx, list, client.Limit(1),
			client.MatchingLabels{f.Scope.LabelShard(): shard}, client.HasLabels{f.Scope.LabelDrain()})
		if err != nil && !problems.ConcernsResource(err) { // a resource that does not work is reported by others
			errs = append(errs, fmt.Errorf("looking for draining objects of shard %s: %w", shard, err))
		}
		for i := range list.Items {
			list.Items[i].SetGroupVersionKind(kind)
			f.NoteDraining(&list.Items[i])
		}
	}
	return errors.Join(errs...)
}
