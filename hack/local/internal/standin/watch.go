// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/metadata/metadatainformer"
	"k8s.io/client-go/tools/cache"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/measure"
	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// Watched is what a watch of the ring's ConfigMaps has told.
type Watched struct {
	// Tracker knows each ConfigMap as if it were a website without a phase.
	Tracker *measure.Tracker

	mutex    sync.Mutex
	assigned map[string]time.Time
}

// Assigned returns when each ConfigMap was first seen with a shard.
func (w *Watched) Assigned() map[string]time.Time {
	w.mutex.Lock()
	defer w.mutex.Unlock()
	return maps.Clone(w.assigned)
}

func (w *Watched) observe(site measure.Site, at time.Time) {
	w.mutex.Lock()
	if _, seen := w.assigned[site.Key]; !seen && site.Shard != "" {
		w.assigned[site.Key] = at
	}
	w.mutex.Unlock()
	w.Tracker.Observe(site, at)
}

// Watch watches the ring's ConfigMaps until the context ends. It returns when it knows those that are there already.
func (r *Ring) Watch(ctx context.Context) (*Watched, error) {
	watched := &Watched{Tracker: measure.NewTracker(), assigned: map[string]time.Time{}}
	informer := metadatainformer.NewFilteredMetadataInformer(r.metadata, configMaps, r.Namespace, 0, cache.Indexers{},
		func(options *metav1.ListOptions) { options.LabelSelector = labelMark }).Informer()
	observe := func(object any) {
		if configMap, ok := object.(*metav1.PartialObjectMetadata); ok {
			site := measure.Site{Key: configMap.Name, Shard: configMap.Labels[shardingv1alpha1.LabelShard(r.Name)]}
			_, site.Draining = configMap.Labels[shardingv1alpha1.LabelDrain(r.Name)]
			watched.observe(site, r.clock.Now())
		}
	}
	registration, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: observe, UpdateFunc: func(_, object any) { observe(object) },
	})
	if err != nil {
		return nil, fmt.Errorf("watching the ConfigMaps of the ring %s: %w", r.Name, err)
	}
	go informer.RunWithContext(ctx)
	if !cache.WaitForCacheSync(ctx.Done(), registration.HasSynced) {
		return nil, fmt.Errorf("watching the ConfigMaps of the ring %s: %w", r.Name, ctx.Err())
	}
	return watched, nil
}
