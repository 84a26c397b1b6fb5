// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// Reconciler wraps the reconciler of the given main kind. An object that is not this shard's any more is forgotten; one
// that is draining is acknowledged, which removes both labels, so that the sharder may assign it to another shard; for
// every other one the given reconciler is called.
//
// Handing over takes the object's turn in the controller's queue, so it never overlaps with a reconcile of the same
// object.
//
// The given reconciler is not called for objects that are gone from the cache: here that does not mean that they are
// deleted. What has to happen on deletion needs a finalizer.
func (s *Shard) Reconciler(c client.Client, kind client.Object, reconciler reconcile.Reconciler) reconcile.Reconciler {
	return &handover{shard: s, client: c, kind: kind, next: reconciler}
}

type handover struct {
	shard  *Shard
	client client.Client
	kind   client.Object
	next   reconcile.Reconciler
}

func (h *handover) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	holdings, err := h.shard.handshake.wait(ctx)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("waiting for the sharder to call the shard ready: %w", err)
	}
	object := h.kind.DeepCopyObject().(client.Object)
	// Only metadata is read, nothing is changed, so the cached object need not be copied. Nor does it matter whether
	// the cache has seen this process's last write.
	err = h.client.Get(ctx, request.NamespacedName, object, client.UnsafeDisableDeepCopy, client.DisableReadYourWritesConsistency)
	if err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if object.GetLabels()[h.shard.ring.LabelShard()] != h.shard.Name() {
		return reconcile.Result{}, nil
	}
	gvk, err := h.client.GroupVersionKindFor(object)
	if err != nil {
		return reconcile.Result{}, err
	}
	if owned, err := holdings.owns(gvk.GroupKind(), object); err != nil || !owned {
		return reconcile.Result{}, err
	}
	if _, draining := object.GetLabels()[h.shard.ring.LabelDrain()]; draining {
		return reconcile.Result{}, h.acknowledge(ctx, gvk, object)
	}

	if _, err := h.shard.guard.enter(); err != nil {
		return reconcile.Result{}, err
	}
	defer h.shard.guard.leave()
	return h.next.Reconcile(ctx, request)
}

// acknowledge lets the object go by removing both labels in one write. If somebody else changed the object in the
// meantime, nothing is written: the cache will deliver that change and with it another try.
func (h *handover) acknowledge(ctx context.Context, gvk schema.GroupVersionKind, object client.Object) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid":             object.GetUID(),
		"resourceVersion": object.GetResourceVersion(),
		"labels": map[string]any{
			h.shard.ring.LabelShard(): nil,
			h.shard.ring.LabelDrain(): nil,
		},
	}})
	if err != nil {
		return fmt.Errorf("encoding the acknowledgement of a drain: %w", err)
	}
	written := &metav1.PartialObjectMetadata{}
	written.SetGroupVersionKind(gvk)
	written.SetNamespace(object.GetNamespace())
	written.SetName(object.GetName())

	err = h.client.Patch(ctx, written, client.RawPatch(types.MergePatchType, patch), client.DisableReadYourWritesConsistency)
	if apierrors.IsConflict(err) || apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("acknowledging a drain: %w", err)
	}
	acknowledgedDrains.WithLabelValues(h.shard.ring.Name).Inc()
	log.FromContext(ctx).V(1).Info("Let a draining object go", "shard", h.shard.Name(), "ring", h.shard.ring.Name)
	return nil
}
