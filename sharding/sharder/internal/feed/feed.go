// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package feed watches objects, metadata only.
package feed

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata"
	toolscache "k8s.io/client-go/tools/cache"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
)

// Feed is one watch, metadata only, and the objects that it brought.
type Feed struct {
	informer toolscache.SharedIndexInformer
}

// Options say what a feed watches.
type Options struct {
	Kind     schema.GroupVersionKind
	Selector string
	// Changed is called for each object that came, changed or left. It must not block.
	Changed func(types.NamespacedName)
	// Tried is told how each attempt to list or watch ended.
	Tried func(error)
}

// New returns a feed of the objects that the client gives access to: those of a namespace, or all.
func New(client metadata.ResourceInterface, semantics any, options Options) (*Feed, error) {
	informer := toolscache.NewSharedIndexInformerWithOptions(
		toolscache.ToListWatcherWithWatchListSemantics(&toolscache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, list metav1.ListOptions) (runtime.Object, error) {
				list.LabelSelector = options.Selector
				objects, err := client.List(ctx, list)
				options.Tried(err)
				return objects, err
			},
			WatchFuncWithContext: func(ctx context.Context, list metav1.ListOptions) (watch.Interface, error) {
				list.LabelSelector = options.Selector
				events, err := client.Watch(ctx, list)
				options.Tried(err)
				return events, err
			},
		}, semantics),
		&metav1.PartialObjectMetadata{},
		toolscache.SharedIndexInformerOptions{ObjectDescription: options.Kind.String()},
	)
	if err := informer.SetTransform(keepIdentityAs(options.Kind)); err != nil {
		return nil, err
	}
	if err := informer.SetWatchErrorHandlerWithContext(func(ctx context.Context, r *toolscache.Reflector, err error) {
		if !problems.ConcernsResource(err) { // which was reported already
			toolscache.DefaultWatchErrorHandler(ctx, r, err)
		}
	}); err != nil {
		return nil, err
	}
	changed := func(object any) {
		if name, err := toolscache.DeletionHandlingObjectToName(object); err == nil {
			options.Changed(name.AsNamespacedName())
		}
	}
	_, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: changed, UpdateFunc: func(_, object any) { changed(object) }, DeleteFunc: changed,
	})
	return &Feed{informer: informer}, err
}

// Run watches until the context ends. What it brought remains.
func (f *Feed) Run(ctx context.Context) { f.informer.RunWithContext(ctx) }

// HasSynced reports whether the objects have been listed.
func (f *Feed) HasSynced() bool { return f.informer.HasSynced() }

// Get returns a copy of the object, or nil if there is none.
func (f *Feed) Get(name types.NamespacedName) *metav1.PartialObjectMetadata {
	object, _, _ := f.informer.GetStore().GetByKey(toolscache.NewObjectName(name.Namespace, name.Name).String())
	if partial, ok := object.(*metav1.PartialObjectMetadata); ok {
		return partial.DeepCopy()
	}
	return nil
}

// Names returns all objects.
func (f *Feed) Names() []types.NamespacedName {
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
