// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// holdingsPage bounds how many objects are in memory at a time while they are listed.
const holdingsPage = 500

// holdings is what a shard owned of each main kind when it began to work.
type holdings map[schema.GroupKind]holding

// holding is what a shard owned of one kind.
type holding struct {
	at      string // the resource version at which the objects were listed
	objects map[types.UID]struct{}
}

// owns reports whether the shard may work on a cached object that carries its label. What the cache has seen after the
// list was made holds: since then the label changes only when the shard lets the object go. What it has seen before may
// be out of date, so there the list decides.
func (h holdings) owns(kind schema.GroupKind, object client.Object) (bool, error) {
	holding, known := h[kind]
	if !known {
		return false, fmt.Errorf("%s is not a main kind of the ring", kind)
	}
	order, err := resourceversion.CompareResourceVersion(object.GetResourceVersion(), holding.at)
	if err != nil {
		return false, fmt.Errorf("finding out whether a cached object is up to date: %w", err)
	}
	_, owned := holding.objects[object.GetUID()]
	return owned || order > 0, nil
}

// scope is a main kind, and the namespaces in which the shard's cache holds it.
type scope struct {
	kind       schema.GroupVersionKind
	namespaces []string
}

// scopes returns the scope of each main kind in a cache with the given options.
func (s *Shard) scopes(options cache.Options, types *runtime.Scheme) ([]scope, error) {
	types = cmp.Or(types, scheme.Scheme)
	configured := map[schema.GroupKind]map[string]cache.Config{}
	for object, byObject := range options.ByObject {
		gvk, err := apiutil.GVKForObject(object, types)
		if err != nil {
			return nil, fmt.Errorf("cache options: %w", err)
		}
		configured[gvk.GroupKind()] = byObject.Namespaces
	}
	var scopes []scope
	for _, kind := range s.ring.Kinds {
		gvk, err := apiutil.GVKForObject(kind.Main, types)
		if err != nil {
			return nil, err
		}
		namespaces := configured[gvk.GroupKind()]
		if len(namespaces) == 0 {
			namespaces = options.DefaultNamespaces
		}
		if len(namespaces) == 0 {
			namespaces = map[string]cache.Config{cache.AllNamespaces: {}}
		}
		scopes = append(scopes, scope{kind: gvk, namespaces: slices.Sorted(maps.Keys(namespaces))})
	}
	return scopes, nil
}

// listHoldings asks the API server, which must not answer from a cache, for the objects that the shard owns.
func (s *Shard) listHoldings(ctx context.Context, reader client.Reader, scopes []scope) (holdings, error) {
	all := holdings{}
	for _, scope := range scopes {
		// The first list tells the version: what is owned in a later one was not let go in between.
		of := holding{objects: map[types.UID]struct{}{}}
		for _, namespace := range scope.namespaces {
			at, err := s.listHolding(ctx, reader, scope.kind, namespace, of.objects)
			if err != nil {
				return nil, fmt.Errorf("listing the shard's objects of kind %s: %w", scope.kind.Kind, err)
			}
			of.at = cmp.Or(of.at, at)
		}
		all[scope.kind.GroupKind()] = of
	}
	return all, nil
}

// listHolding adds the shard's objects of one kind in one namespace, and returns the resource version of the list.
func (s *Shard) listHolding(ctx context.Context, reader client.Reader, kind schema.GroupVersionKind, namespace string, objects map[types.UID]struct{}) (string, error) {
	page := &metav1.PartialObjectMetadataList{}
	page.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	for {
		err := reader.List(ctx, page, client.InNamespace(namespace), client.MatchingLabels(s.Labels()),
			client.Limit(holdingsPage), client.Continue(page.Continue))
		if err != nil {
			return "", err
		}
		for i := range page.Items {
			objects[page.Items[i].UID] = struct{}{}
		}
		if page.Continue == "" {
			return page.ResourceVersion, nil
		}
	}
}
