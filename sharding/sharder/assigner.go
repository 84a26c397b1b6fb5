// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// assigner assigns the unassigned objects of one main kind.
type assigner struct {
	objects unassignedReader
	settler *settler
	queue   queue[types.NamespacedName]
}

// unassignedReader is unassigned for its readers.
type unassignedReader interface {
	get(types.NamespacedName) *metav1.PartialObjectMetadata
	names() []types.NamespacedName
}

// Reconcile assigns the object, unless it is assigned or gone by now.
func (a *assigner) Reconcile(ctx context.Context, name types.NamespacedName) (reconcile.Result, error) {
	object := a.objects.get(name)
	if object == nil {
		return reconcile.Result{}, nil
	}
	return reconcile.Result{}, a.settler.settle(ctx, object)
}

// lookAgain looks at all unassigned objects: there may be a shard for them now.
func (a *assigner) lookAgain() {
	for _, name := range a.objects.names() {
		a.queue.Add(name)
	}
}
