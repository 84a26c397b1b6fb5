// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// CacheOptions returns how the controller wants the kinds that it reads to be cached. A caller may narrow the
// selectors; ControlledKinds and Website are the kinds that belong to a shard.
func CacheOptions() map[client.Object]cache.ByObject {
	byObject := map[client.Object]cache.ByObject{
		&v1alpha1.Website{}: {Transform: cache.TransformStripManagedFields()},
		&v1alpha1.Theme{}:   {Transform: cache.TransformStripManagedFields()},
	}
	for _, kind := range ControlledKinds() {
		byObject[kind] = cache.ByObject{
			Label:     labels.SelectorFromSet(labels.Set{labelManagedBy: ManagedBy}),
			Transform: cache.TransformStripManagedFields(),
		}
	}
	return byObject
}

// ControlledKinds returns an empty object of each kind that a Website controls.
func ControlledKinds() []client.Object {
	return []client.Object{&corev1.ConfigMap{}, &appsv1.Deployment{}, &corev1.Service{}, &networkingv1.Ingress{}}
}

// ClientOptions returns how the controller wants its client: reads wait until the cache has seen the client's own
// writes, which is a matter of milliseconds. Without it, a reconcile right after another one would apply everything
// again and write its status on an outdated version.
//
// The client learns that from the events of the cache. So it must not write what the cache does not get to see: objects
// that its selectors match neither before nor after the write. Such a write, and one of a PartialObjectMetadata, which
// has a cache of its own, needs the option client.DisableReadYourWritesConsistency.
func ClientOptions() client.Options {
	return client.Options{Cache: &client.CacheOptions{EnableReadYourWritesConsistency: new(true)}}
}
