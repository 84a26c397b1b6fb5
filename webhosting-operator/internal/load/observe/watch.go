// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package observe

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// Watch has the tracker follow the websites with the labels, until the context ends. The ring is what the operator's
// shards belong to. It returns when the tracker knows what is there already.
func Watch(ctx context.Context, config *rest.Config, scheme *runtime.Scheme, labelled labels.Set, ring string, tracker *Tracker, now clock.PassiveClock) error {
	informers, err := cache.New(config, cache.Options{Scheme: scheme, ByObject: map[client.Object]cache.ByObject{
		&v1alpha1.Website{}: {Label: labels.SelectorFromSet(labelled), Transform: cache.TransformStripManagedFields()},
	}})
	if err != nil {
		return fmt.Errorf("watching the websites: %w", err)
	}
	label := shardingv1alpha1.LabelShard(ring)
	observe := func(object any) {
		if website, ok := object.(*v1alpha1.Website); ok {
			tracker.Observe(siteOf(website, label), now.Now())
		}
	}
	go func() { _ = informers.Start(ctx) }() // it always returns nil
	informer, err := informers.GetInformer(ctx, &v1alpha1.Website{})
	if err != nil {
		return fmt.Errorf("watching the websites: %w", err)
	}
	registration, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    observe,
		UpdateFunc: func(_, object any) { observe(object) },
		DeleteFunc: func(object any) {
			if key, err := toolscache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
				tracker.Forget(key)
			}
		},
	})
	if err != nil {
		return fmt.Errorf("watching the websites: %w", err)
	}
	if !toolscache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return fmt.Errorf("watching the websites: %w", ctx.Err())
	}
	return nil
}

func siteOf(website *v1alpha1.Website, shardLabel string) Site {
	return Site{
		Key:        website.Namespace + "/" + website.Name,
		Generation: website.Generation,
		Observed:   website.Status.ObservedGeneration,
		Ready:      website.Status.Phase == v1alpha1.PhaseReady,
		Shard:      website.Labels[shardLabel],
	}
}
