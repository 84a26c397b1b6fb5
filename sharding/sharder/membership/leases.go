// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package membership

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

// Leases holds the leases of the shards of all rings of a process, and tells each ring when one of its leases changed.
type Leases struct {
	informer toolscache.SharedIndexInformer

	mu        sync.Mutex
	followers map[string]map[*func()]struct{} // by ring
}

const byRing = "ring"

// NewLeases returns leases that are not known before Run. An empty namespace or ring stands for all of them.
func NewLeases(client coordinationv1client.CoordinationV1Interface, namespace, ring string) (*Leases, error) {
	selector := shardingv1alpha1.LabelControllerRing
	if ring != "" {
		selector += "=" + ring
	}
	leases := client.Leases(namespace)
	l := &Leases{followers: map[string]map[*func()]struct{}{}}
	l.informer = toolscache.NewSharedIndexInformerWithOptions(
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
	if err := l.informer.SetTransform(cache.TransformStripManagedFields()); err != nil {
		return nil, fmt.Errorf("preparing the cache of leases: %w", err)
	}
	_, err := l.informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: func(object any) { l.notify(ringOf(object)) },
		UpdateFunc: func(before, after any) {
			l.notify(ringOf(after))
			if ringOf(before) != ringOf(after) {
				l.notify(ringOf(before))
			}
		},
		DeleteFunc: func(object any) {
			if unknown, ok := object.(toolscache.DeletedFinalStateUnknown); ok {
				object = unknown.Obj
			}
			l.notify(ringOf(object))
		},
	})
	if err != nil {
		return nil, fmt.Errorf("preparing the cache of leases: %w", err)
	}
	return l, nil
}

// Run watches the leases until the context ends.
func (l *Leases) Run(ctx context.Context) { l.informer.RunWithContext(ctx) }

func (l *Leases) hasSynced() bool { return l.informer.HasSynced() }

// ofRing returns the leases of the ring's shards. They are the cache's: not to be changed.
func (l *Leases) ofRing(ring string) ([]*coordinationv1.Lease, error) {
	objects, err := l.informer.GetIndexer().ByIndex(byRing, ring)
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
func (l *Leases) follow(ring string, changed func()) (stop func()) {
	follower := &changed
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.followers[ring] == nil {
		l.followers[ring] = map[*func()]struct{}{}
	}
	l.followers[ring][follower] = struct{}{}
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if delete(l.followers[ring], follower); len(l.followers[ring]) == 0 {
			delete(l.followers, ring)
		}
	}
}

func (l *Leases) notify(ring string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for follower := range l.followers[ring] {
		(*follower)()
	}
}

func ringOf(object any) string {
	if current, ok := object.(*coordinationv1.Lease); ok {
		return current.Labels[shardingv1alpha1.LabelControllerRing]
	}
	return ""
}
