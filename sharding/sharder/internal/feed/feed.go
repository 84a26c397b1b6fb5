// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	toolscache "k8s.io/client-go/tools/cache"
)

// feed is one watch, metadata only, and the objects that it brought.
type feed struct {
	informer toolscache.SharedIndexInformer
}

// feedOptions say what a feed watches.
type feedOptions struct {
	kind     schema.GroupVersionKind
	selector string
	// changed is called for each object that came, changed or left. It must not block.
	changed func(types.NamespacedName)
	// tried is told how each attempt to list or watch ended.
	tried func(error)
}

// newFeed returns a feed of the objects that the client gives access to: those of a namespace, or all.
func newFeed(client metadata.ResourceInterface, semantics any, options feedOptions) (*feed, error) {
	informer := toolscache.NewSharedIndexInformerWithOptions(
		toolscache.ToListWatcherWithWatchListSemantics(&toolscache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, list metav1.ListOptions) (runtime.Object, error) {
				list.LabelSelector = options.selector
				objects, err := client.List(ctx, list)
				options.tried(err)
				return objects, err
			},
			WatchFuncWithContext: func(ctx context.Context, list metav1.ListOptions) (watch.Interface, error) {
				list.LabelSelector = options.selector
				events, err := client.Watch(ctx, list)
				options.tried(err)
				return events, err
			},
		}, semantics),
		&metav1.PartialObjectMetadata{},
		toolscache.SharedIndexInformerOptions{ObjectDescription: options.kind.String()},
	)
	if err := informer.SetTransform(keepIdentityAs(options.kind)); err != nil {
		return nil, err
	}
	if err := informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, r *toolscache.Reflector, err error) {
		if !concernsResource(err) { // which was reported already
			toolscache.DefaultWatchErrorHandler(ctx, r, err)
		}
	}); err != nil {
		return nil, err
	}
	changed := func(object any) {
		if name, err := toolscache.DeletionHandlingObjectToName(object); err == nil {
			options.changed(name.AsNamespacedName())
		}
	}
	_, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: changed, UpdateFunc: func(_, object any) { changed(object) }, DeleteFunc: changed,
	})
	return &feed{informer: informer}, err
}

// run watches until the context ends. What it brought remains.
func (f *feed) run(ctx context.Context) { f.informer.RunWithContext(ctx) }

// get returns a copy of the object, or nil if there is none.
func (f *feed) get(name types.NamespacedName) *metav1.PartialObjectMetadata {
	object, _, _ := f.informer.GetStore().GetByKey(toolscache.NewObjectName(name.Namespace, name.Name).String())
	if partial, ok := object.(*metav1.PartialObjectMetadata); ok {
		return partial.DeepCopy()
	}
	return nil
}

// names returns all objects.
func (f *feed) names() []types.NamespacedName {
	keys := f.informer.GetStore().ListKeys()
	names := make([]types.NamespacedName, 0, len(keys))
	for _, key := range keys {
		if name, err := toolscache.ParseObjectName(key); err == nil {
			names = append(names, name.AsNamespacedName())
		}
	}
	return names
}

// keepIdentityAs drops the metadata that no decision reads, and says of which kind the object is.
func keepIdentityAs(kind schema.GroupVersionKind) toolscache.TransformFunc {
	return func(object any) (any, error) {
		if partial, ok := object.(*metav1.PartialObjectMetadata); ok {
			controller := metav1.GetControllerOf(partial)
			partial.ManagedFields, partial.Annotations, partial.OwnerReferences, partial.Finalizers = nil, nil, nil, nil
			if controller != nil {
				partial.OwnerReferences = []metav1.OwnerReference{*controller}
			}
			partial.SetGroupVersionKind(kind)
		}
		return object, nil
	}
}
