// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package assign assigns the objects that have no shard. It watches them, metadata only, and there are next to none: an
// assigned object leaves the watch, and its updates never get here.
package assign

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/settle"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/work"
)

// Assigner assigns the unassigned objects of one kind.
type Assigner struct {
	kind        schema.GroupVersionKind
	objects     reader
	settle      settle.Func
	concurrency int
	queue       work.Queue[types.NamespacedName]
}

// reader is unassigned for those who do not care how it knows.
type reader interface {
	run(context.Context) error
	get(types.NamespacedName) *metav1.PartialObjectMetadata
	names() []types.NamespacedName
}

// Config is what an Assigner needs.
type Config struct {
	Watch       Watch
	Settle      settle.Func
	Concurrency int
	// Queue is shut down by Run.
	Queue work.Queue[types.NamespacedName]
}

// New returns an assigner that knows of no object yet.
func New(config Config) *Assigner {
	return &Assigner{
		kind: config.Watch.Kind, objects: newUnassigned(config.Watch, config.Queue.Add), settle: config.Settle,
		concurrency: config.Concurrency, queue: config.Queue,
	}
}

// Kind is the kind of the objects.
func (a *Assigner) Kind() schema.GroupVersionKind { return a.kind }

// Watch keeps the unassigned objects known until the context ends. An error says that no watch can be made.
func (a *Assigner) Watch(ctx context.Context) error { return a.objects.run(ctx) }

// Run assigns objects as they come until the context ends.
func (a *Assigner) Run(ctx context.Context) {
	work.Run(ctx, "sharder-assigner", a.concurrency, a, a.queue)
}

// Get returns the metadata of an object that is known to be unassigned, or nil.
func (a *Assigner) Get(name types.NamespacedName) *metav1.PartialObjectMetadata {
	return a.objects.get(name)
}

// Count returns how many objects are known to be unassigned.
func (a *Assigner) Count() int { return len(a.objects.names()) }

// Reconcile assigns the object, unless it is assigned or gone by now.
func (a *Assigner) Reconcile(ctx context.Context, name types.NamespacedName) (reconcile.Result, error) {
	object := a.objects.get(name)
	if object == nil {
		return reconcile.Result{}, nil
	}
	result, err := a.settle(ctx, object)
	if err == nil && result == settle.Waiting {
		err = work.ErrWaiting
	}
	return reconcile.Result{}, err
}

// LookAgain looks at all unassigned objects: there may be a shard for them now.
func (a *Assigner) LookAgain() {
	for _, name := range a.objects.names() {
		a.queue.Add(name)
	}
}
