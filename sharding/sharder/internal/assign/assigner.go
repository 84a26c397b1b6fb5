// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"errors"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// assigner assigns the unassigned objects of one kind.
type assigner struct {
	kind    schema.GroupVersionKind
	objects unassignedReader
	settle  settle
	queue   queue[types.NamespacedName]
}

// settle brings an object one step closer to where it belongs: settler.settle for main objects, follower.follow for
// controlled ones.
type settle func(context.Context, *metav1.PartialObjectMetadata) (outcome, error)

// outcome is what came of looking at an object.
type outcome int

const (
	// settled: there was nothing to be done.
	settled outcome = iota
	// written: there was, and it was done.
	written
	// waiting: somebody else has to act first, and nobody will tell when that is done.
	waiting
)

// errWaiting has an object looked at again soon.
var errWaiting = errors.New("somebody else has to act first")

// unassignedReader is unassigned for those who do not care how it knows.
type unassignedReader interface {
	run(context.Context) error
	get(types.NamespacedName) *metav1.PartialObjectMetadata
	names() []types.NamespacedName
}

// Reconcile assigns the object, unless it is assigned or gone by now.
func (a *assigner) Reconcile(ctx context.Context, name types.NamespacedName) (reconcile.Result, error) {
	object := a.objects.get(name)
	if object == nil {
		return reconcile.Result{}, nil
	}
	result, err := a.settle(ctx, object)
	if err == nil && result == waiting {
		err = errWaiting
	}
	return reconcile.Result{}, err
}

// lookAgain looks at all unassigned objects: there may be a shard for them now.
func (a *assigner) lookAgain() {
	for _, name := range a.objects.names() {
		a.queue.Add(name)
	}
}
