// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharding

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// ControllerRing returns what says the same as this ring to a sharder of its own. Controlled kinds are not listed in it,
// because the shards of this library label them themselves. It returns an error if the ring is not valid, or if the mapper
// does not know the resource of a kind.
func (r Ring) ControllerRing(types *runtime.Scheme, mapper meta.RESTMapper) (*shardingv1alpha1.ControllerRing, error) {
	if err := r.Validate(types); err != nil {
		return nil, err
	}
	controllerRing := &shardingv1alpha1.ControllerRing{}
	controllerRing.SetGroupVersionKind(shardingv1alpha1.GroupVersion.WithKind("ControllerRing"))
	controllerRing.Name = r.Name
	controllerRing.Spec.NamespaceSelector = r.Namespaces.DeepCopy()

	var errs []error
	for _, kind := range r.Kinds {
		gvk, err := apiutil.GVKForObject(kind.Main, types)
		if err != nil {
			return nil, err
		}
		mapping, err := mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
		if err != nil {
			errs = append(errs, fmt.Errorf("ring %q: %w", r.Name, err))
			continue
		}
		controllerRing.Spec.Resources = append(controllerRing.Spec.Resources, shardingv1alpha1.RingResource{
			GroupResource: shardingv1alpha1.GroupResource{Group: mapping.Resource.Group, Resource: mapping.Resource.Resource},
		})
	}
	return controllerRing, errors.Join(errs...)
}
