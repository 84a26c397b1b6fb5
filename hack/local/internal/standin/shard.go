// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

const (
	// leaseSeconds and renewInterval are those of shards by default.
	leaseSeconds  = 15
	renewInterval = 2 * time.Second
	// lettingGoAtOnce is how many objects a shard lets go at a time, as many as the operator's workers.
	lettingGoAtOnce = 15
)

// Hold creates the lease of a shard, and renews it until the context ends.
func (r *Ring) Hold(ctx context.Context, shard string) error {
	now := metav1.NewMicroTime(r.clock.Now())
	lease := &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: r.Namespace, Name: shard, Labels: map[string]string{shardingv1alpha1.LabelControllerRing: r.Name},
		},
		Spec: coordinationv1.LeaseSpec{
			HolderIdentity: new(shard), LeaseDurationSeconds: new(int32(leaseSeconds)), AcquireTime: &now, RenewTime: &now,
		},
	}
	if err := r.client.Create(ctx, lease); err != nil {
		return fmt.Errorf("creating the lease of the shard %s: %w", shard, err)
	}
	go func() {
		ticker := r.clock.NewTicker(renewInterval)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C():
			}
			if err := r.renew(ctx, shard); err != nil && ctx.Err() == nil {
				r.note(err)
			}
		}
	}()
	return nil
}

func (r *Ring) renew(ctx context.Context, shard string) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"renewTime": metav1.NewMicroTime(r.clock.Now())}})
	if err != nil {
		return fmt.Errorf("renewing the lease of the shard %s: %w", shard, err)
	}
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Namespace: r.Namespace, Name: shard}}
	if err := r.client.Patch(ctx, lease, client.RawPatch(types.MergePatchType, patch)); err != nil {
		return fmt.Errorf("renewing the lease of the shard %s: %w", shard, err)
	}
	return nil
}

// LetGo has the shard let go what it is asked to, until the context ends. It returns when the shard knows its objects.
func (r *Ring) LetGo(ctx context.Context, shard string) error {
	informer := metadatainformer.NewFilteredMetadataInformer(r.metadata, configMaps, r.Namespace, 0, cache.Indexers{},
		func(options *metav1.ListOptions) {
			options.LabelSelector = shardingv1alpha1.LabelShard(r.Name) + "=" + shard + "," + shardingv1alpha1.LabelDrain(r.Name)
		}).Informer()
	free := make(chan struct{}, lettingGoAtOnce)
	var underway sync.WaitGroup
	drained := func(object any) {
		asked, ok := object.(*metav1.PartialObjectMetadata)
		if !ok {
			return
		}
		underway.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			err := r.acknowledge(ctx, asked)
			switch {
			case ctx.Err() != nil:
			case apierrors.IsConflict(err) || apierrors.IsNotFound(err): // there is an event about that
			default:
				r.note(err)
			}
		})
	}
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: drained, UpdateFunc: func(_, object any) { drained(object) },
	})
	if err != nil {
		return fmt.Errorf("watching the objects of the shard %s: %w", shard, err)
	}
	go func() {
		informer.RunWithContext(ctx)
		underway.Wait()
	}()
	if !cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return fmt.Errorf("watching the objects of the shard %s: %w", shard, ctx.Err())
	}
	return nil
}

// acknowledge removes both labels in one write, with the resource version that was seen.
func (r *Ring) acknowledge(ctx context.Context, object *metav1.PartialObjectMetadata) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": object.ResourceVersion,
		"labels":          map[string]any{shardingv1alpha1.LabelShard(r.Name): nil, shardingv1alpha1.LabelDrain(r.Name): nil},
	}})
	if err != nil {
		return fmt.Errorf("letting %s go: %w", object.Name, err)
	}
	_, err = r.metadata.Resource(configMaps).Namespace(r.Namespace).Patch(ctx, object.Name, types.MergePatchType, patch, metav1.PatchOptions{})
	if err != nil {
		return fmt.Errorf("letting %s go: %w", object.Name, err)
	}
	return nil
}
