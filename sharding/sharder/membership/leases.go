// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"fmt"
	"sync"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// leaseCache holds the leases of the shards of all rings of a process, and tells each ring when one of its leases
// changed.
type leaseCache struct {
	informer toolscache.SharedIndexInformer

	mu        sync.Mutex
	followers map[string]map[*func()]struct{} // by ring
}

const byRing = "ring"

// newLeaseCache returns a cache that has not been started. An empty namespace or ring stands for all of them.
func newLeaseCache(client coordinationv1client.CoordinationV1Interface, namespace, ring string) (*leaseCache, error) {
	selector := shardingv1alpha1.LabelControllerRing
	if ring != "" {
		selector += "=" + ring
	}
	leases := client.Leases(namespace)
	c := &leaseCache{followers: map[string]map[*func()]struct{}{}}
	c.informer = toolscache.NewSharedIndexInformerWithOptions(
		toolscache.ToListWatcherWithWatchListSemantics(&toolscache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
				options.LabelSelector = selector
				return leases.List(ctx, options)
			},
			WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
				options.LabelSelector = selector
				return leases.Watch(ctx, options)
			},
		}, client),
		&coordinationv1.Lease{},
		toolscache.SharedIndexInformerOptions{Indexers: toolscache.Indexers{byRing: func(object any) ([]string, error) {
			return []string{ringOf(object)}, nil
		}}},
	)
	if err := c.informer.SetTransform(cache.TransformStripManagedFields()); err != nil {
		return nil, fmt.Errorf("preparing the cache of leases: %w", err)
	}
	_, err := c.informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { c.notify(ringOf(object)) },
		UpdateFunc: func(before, after any) {
			c.notify(ringOf(after))
			if ringOf(before) != ringOf(after) {
				c.notify(ringOf(before))
			}
		},
		DeleteFunc: func(object any) {
			if unknown, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
				object = unknown.Obj
			}
			c.notify(ringOf(object))
		},
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the cache of leases: %w", err)
	}
	return c, nil
}

func (c *leaseCache) run(ctx context.Context) { c.informer.RunWithContext(ctx) }

func (c *leaseCache) hasSynced() bool { return c.informer.HasSynced() }

// ofRing returns the leases of the ring's shards. They are the cache's: not to be changed.
func (c *leaseCache) ofRing(ring string) ([]*coordinationv1.Lease, error) {
	objects, err := c.informer.GetIndexer().ByIndex(byRing, ring)
	if err != nil {
		return nil, err
	}
	leases := make([]*coordinationv1.Lease, 0, len(objects))
	for _, object := range objects {
		if current, ok := object.(*coordinationv1.Lease); ok {
			leases = append(leases, current)
		}
	}
	return leases, nil
}

// follow calls the function whenever a lease of the ring changed, until stop is called. The function must not block.
func (c *leaseCache) follow(ring string, changed func()) (stop func()) {
	follower := &changed
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.followers[ring] == nil {
		c.followers[ring] = map[*func()]struct{}{}
	}
	c.followers[ring][follower] = struct{}{}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if delete(c.followers[ring], follower); len(c.followers[ring]) == 0 {
			delete(c.followers, ring)
		}
	}
}

func (c *leaseCache) notify(ring string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for follower := range c.followers[ring] {
		(*follower)()
	}
}

func ringOf(object any) string {
	if current, ok := object.(*coordinationv1.Lease); ok {
		return current.Labels[shardingv1alpha1.LabelControllerRing]
	}
	return ""
}
