// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
)

// restrictCache adds the shard's label to the selectors of all kinds of the ring, main and controlled.
func (s *Shard) restrictCache(options cache.Options, types *runtime.Scheme) (cache.Options, error) {
	if types == nil {
		types = scheme.Scheme
	}
	if err := s.ring.Validate(types); err != nil {
		return options, err
	}
	if options.DefaultTransform == nil {
		options.DefaultTransform = cache.TransformStripManagedFields()
	}

	for namespace, config := range options.DefaultNamespaces {
		if config.LabelSelector != nil {
			return options, fmt.Errorf("cache options: the default label selector of namespace %q would replace the shard's: set it by object", namespace)
		}
	}

	options.ByObject = maps.Clone(options.ByObject)
	if options.ByObject == nil {
		options.ByObject = map[client.Object]cache.ByObject{}
	}
	missing, err := s.kinds(types)
	if err != nil {
		return options, err
	}
	ofRing := maps.Clone(missing)
	for object, byObject := range options.ByObject {
		gvk, err := apiutil.GVKForObject(object, types)
		if err != nil {
			return options, fmt.Errorf("cache options: %w", err)
		}
		if _, ok := ofRing[gvk.GroupKind()]; ok {
			options.ByObject[object] = s.restrict(byObject, options.DefaultLabelSelector)
			delete(missing, gvk.GroupKind())
		}
	}
	for _, object := range missing {
		options.ByObject[object] = s.restrict(cache.ByObject{}, options.DefaultLabelSelector)
	}
	return options, nil
}

// kinds returns an object of each kind of the ring, main and controlled.
func (s *Shard) kinds(types *runtime.Scheme) (map[schema.GroupKind]client.Object, error) {
	kinds := map[schema.GroupKind]client.Object{}
	for _, kind := range s.ring.Kinds {
		for _, object := range append([]client.Object{kind.Main}, kind.Controlled...) {
			gvk, err := apiutil.GVKForObject(object, types)
			if err != nil {
				return nil, err
			}
			kinds[gvk.GroupKind()] = object
		}
	}
	return kinds, nil
}

// restrict adds the shard's label to what is configured for a kind, for all namespaces and for each that has a selector
// of its own.
func (s *Shard) restrict(byObject cache.ByObject, defaultSelector labels.Selector) cache.ByObject {
	if byObject.Label == nil {
		byObject.Label = defaultSelector
	}
	byObject.Label = s.and(byObject.Label)

	byObject.Namespaces = maps.Clone(byObject.Namespaces)
	for namespace, config := range byObject.Namespaces {
		if config.LabelSelector != nil {
			config.LabelSelector = s.and(config.LabelSelector)
			byObject.Namespaces[namespace] = config
		}
	}
	return byObject
}

// and returns a selector for those of the shard's objects that the given selector matches; nil matches all.
func (s *Shard) and(selector labels.Selector) labels.Selector {
	mine := labels.SelectorFromSet(s.Labels())
	if selector == nil {
		return mine
	}
	requirements, selectable := selector.Requirements()
	if !selectable {
		return selector
	}
	return mine.Add(requirements...)
}
