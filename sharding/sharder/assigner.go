// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// assigner assigns the unassigned objects of one main kind. Its cache holds nothing else.
type assigner struct {
	gvk     schema.GroupVersionKind
	cache   cache.Cache
	settler *settler
	queue   queue[reconcile.Request]
}

func (a *assigner) source() source.Source {
	return source.Kind(a.cache, a.object(), &handler.TypedEnqueueRequestForObject[*metav1.PartialObjectMetadata]{})
}

// Reconcile assigns the object. One that is not in the cache is assigned, or gone.
func (a *assigner) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	object := a.object()
	if err := a.cache.Get(ctx, request.NamespacedName, object); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	return reconcile.Result{}, a.settler.settle(ctx, object)
}

// enqueueAll looks at all unassigned objects again: there may be a shard for them now.
func (a *assigner) enqueueAll(ctx context.Context) {
	objects := a.unassigned(ctx)
	for i := range objects {
		a.queue.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&objects[i])})
	}
}

// unassigned returns what is in the cache: nothing before it has synced, when all objects are enqueued anyway.
func (a *assigner) unassigned(ctx context.Context) []metav1.PartialObjectMetadata {
	informer, err := a.cache.GetInformer(ctx, a.object(), cache.BlockUntilSynced(false))
	if err != nil || !informer.HasSynced() {
		return nil
	}
	list := newList(a.gvk)
	if err := a.cache.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil // the term is over
	}
	return list.Items
}

func (a *assigner) object() *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(a.gvk)
	return object
}
