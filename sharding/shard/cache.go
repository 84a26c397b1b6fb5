// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"errors"
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
	if err := s.refuseNarrower(options, types); err != nil {
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

// refuseNarrower returns an error if a main kind's cache would not hold all objects that the sharder may assign to the
// shard. One that the shard does not see is never worked on, and never let go, which costs the shard its lease in the end.
func (s *Shard) refuseNarrower(options cache.Options, types *runtime.Scheme) error {
	var errs []error
	for _, kind := range s.ring.Kinds {
		main, err := apiutil.GVKForObject(kind.Main, types)
		if err != nil {
			return err
		}
		configured := []cache.ByObject{}
		for object, byObject := range options.ByObject {
			if gvk, err := apiutil.GVKForObject(object, types); err == nil && gvk.GroupKind() == main.GroupKind() {
				configured = append(configured, byObject)
			}
		}
		if len(configured) == 0 {
			configured = append(configured, cache.ByObject{})
		}
		for _, byObject := range configured {
			if narrowed := s.narrowedBy(options, byObject); narrowed != "" {
				errs = append(errs, fmt.Errorf("cache options: main kind %s of ring %q has a %s, so the shard would not see all objects that are assigned to it: "+
					"select namespaces in the ring instead", main.GroupKind(), s.ring.Name, narrowed))
			}
		}
	}
	return errors.Join(errs...)
}

// narrowedBy says what keeps objects of a main kind out of the cache, or nothing. Whether namespaces in the options are those
// that the ring selects by their labels is not known here.
func (s *Shard) narrowedBy(options cache.Options, byObject cache.ByObject) string {
	label, field := byObject.Label, byObject.Field
	if label == nil {
		label = options.DefaultLabelSelector
	}
	if field == nil {
		field = options.DefaultFieldSelector
	}
	namespaces := byObject.Namespaces
	if namespaces == nil {
		namespaces = options.DefaultNamespaces
	}
	for _, config := range namespaces {
		if config.LabelSelector != nil && !config.LabelSelector.Empty() || config.FieldSelector != nil && !config.FieldSelector.Empty() {
			return "selector in a namespace"
		}
	}
	_, all := namespaces[cache.AllNamespaces]
	switch {
	case label != nil && !label.Empty():
		return "label selector"
	case field != nil && !field.Empty():
		return "field selector"
	case len(namespaces) > 0 && !all && s.ring.Namespaces == nil:
		return "list of namespaces"
	}
	return ""
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
