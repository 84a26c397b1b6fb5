// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

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
)

// fencer takes the lease of a shard that does not let a draining object go within the drain timeout.
//
// It remembers one draining object a shard. When that one was let go in time, it picks another, so a shard that lets
// all objects go but one is found out too, if later.
type fencer struct {
	options LeadOptions
	clock   clock.PassiveClock
	scope   Scope
	client  client.Client // not cached
	members *members
	leases  *leases
	find    func(shard string) (types.NamespacedName, bool) // its lease
	metrics *ringMetrics
	log     logr.Logger
	queue   queue[string]

	mu      sync.Mutex
	samples map[string]sample
}

// sample is a draining object and since when it is known to be draining.
type sample struct {
	object *metav1.PartialObjectMetadata
	since  time.Time
}

// noteDrain is noteDraining for an object that was not draining until now. If it is the shard's sample all the same, it
// has been let go and come back since, so its clock starts again.
func (f *fencer) noteDrain(object *metav1.PartialObjectMetadata) {
	shard := object.Labels[f.scope.labelShard()]
	f.mu.Lock()
	if sample, known := f.samples[shard]; known && sample.object.UID == object.UID {
		delete(f.samples, shard)
	}
	f.mu.Unlock()
	f.noteDraining(object)
}

// noteDraining starts the clock if the object is draining and none is running for its shard.
func (f *fencer) noteDraining(object *metav1.PartialObjectMetadata) {
	shard, assigned := object.Labels[f.scope.labelShard()]
	if _, draining := object.Labels[f.scope.labelDrain()]; !assigned || !draining {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, known := f.samples[shard]; !known {
		f.samples[shard] = sample{object: object.DeepCopy(), since: f.clock.Now()}
		f.queue.AddAfter(shard, f.options.DrainTimeout)
	}
}

// Reconcile looks after the shard's sample.
func (f *fencer) Reconcile(ctx context.Context, shard string) (reconcile.Result, error) {
	f.mu.Lock()
	sample, known := f.samples[shard]
	f.mu.Unlock()
	if !known {
		return reconcile.Result{}, nil
	}
	if wait := f.options.DrainTimeout - f.clock.Since(sample.since); wait > 0 {
		return reconcile.Result{RequeueAfter: wait}, nil
	}

	draining, err := f.stillDraining(ctx, shard, sample)
	if err != nil {
		return reconcile.Result{}, err
	}
	if draining && f.members.load().State(shard).Available() {
		if err := f.fence(ctx, shard, sample); err != nil {
			return reconcile.Result{}, err
		}
	}

	f.mu.Lock()
	delete(f.samples, shard)
	f.mu.Unlock()
	return reconcile.Result{}, f.pickNext(ctx, shard)
}

func (f *fencer) stillDraining(ctx context.Context, shard string, sample sample) (bool, error) {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(sample.object.GroupVersionKind())
	if err := f.client.Get(ctx, client.ObjectKeyFromObject(sample.object), object); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	_, draining := object.Labels[f.scope.labelDrain()]
	return draining && object.UID == sample.object.UID && object.Labels[f.scope.labelShard()] == shard, nil
}

func (f *fencer) fence(ctx context.Context, shard string, sample sample) error {
	name, known := f.find(shard)
	if !known {
		return nil
	}
	taken, err := f.leases.fence(ctx, name)
	if err != nil {
		return fmt.Errorf("fencing shard %s: %w", shard, err)
	}
	if !taken {
		return nil
	}
	f.metrics.fenced.Inc()
	f.log.Info("Took the lease of a shard that did not let a draining object go; its objects move when it has surely stopped",
		"shard", shard, "kind", sample.object.Kind, "object", client.ObjectKeyFromObject(sample.object), "drainTimeout", f.options.DrainTimeout)
	return nil
}

// pickNext finds another draining object of the shard, if it is one to be asked.
func (f *fencer) pickNext(ctx context.Context, shard string) error {
	if !f.members.load().State(shard).Available() {
		return nil
	}
	var errs []error
	for _, kind := range f.scope.mainKinds() {
		list := newList(kind)
		err := f.client.List(ctx, list, client.Limit(1),
			client.MatchingLabels{f.scope.labelShard(): shard}, client.HasLabels{f.scope.labelDrain()})
		if err != nil && !concernsResource(err) { // a resource that does not work is reported by others
			errs = append(errs, fmt.Errorf("looking for draining objects of shard %s: %w", shard, err))
		}
		for i := range list.Items {
			list.Items[i].SetGroupVersionKind(kind)
			f.noteDraining(&list.Items[i])
		}
	}
	return errors.Join(errs...)
}
