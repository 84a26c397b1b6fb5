// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package key makes the key by which an object is hashed to a shard:
//
//	group/kind/namespace/name
//
// A main object has a key of its own. A controlled object has the key of its controller, so both always belong to the
// same shard, and nothing but the object's own metadata has to be read to find that out.
//
// The key holds no UID: it is unknown when an object is assigned during admission. An object that is deleted and created
// again under the same name therefore comes back to the same shard.
package key

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Of returns the key of the object with the given kind, namespace and name. The segments of the core group and of the
// missing namespace of a cluster-scoped object are empty but present:
//
//	webhosting.timebertt.dev/Website/project-1/website-1
//	webhosting.timebertt.dev/Theme//theme-1
//	/ConfigMap/default/config-1
//
// In Kubernetes none of the four can contain a slash, so two objects never share a key.
func Of(gk schema.GroupKind, namespace, name string) string {
	return gk.Group + "/" + gk.Kind + "/" + namespace + "/" + name
}

// ForMain returns the key of a main object. The kind is given by the caller because typed and metadata-only objects
// often do not carry it.
func ForMain(obj metav1.Object, gk schema.GroupKind) string {
	return Of(gk, obj.GetNamespace(), obj.GetName())
}

// Scope says where the kind of a controller lives.
type Scope bool

const (
	// Namespaced controllers live in the namespace of the objects that they control.
	Namespaced Scope = false
	// ClusterScoped controllers live in no namespace, whatever the namespace of the objects that they control.
	ClusterScoped Scope = true
)

// ForController returns the key of the object that controls the given one, according to the owner reference with
// controller=true. It returns false if there is none, or if its apiVersion is malformed.
//
// An owner reference names no namespace: a namespaced controller is in the namespace of the object, a cluster-scoped one
// is in none, and only the caller knows which of them it is.
func ForController(obj metav1.Object, controller Scope) (string, bool) {
	reference := metav1.GetControllerOfNoCopy(obj)
	if reference == nil {
		return "", false
	}
	version, err := schema.ParseGroupVersion(reference.APIVersion)
	if err != nil || version.Version == "" {
		return "", false
	}

	namespace := obj.GetNamespace()
	if controller == ClusterScoped {
		namespace = ""
	}
	return Of(version.WithKind(reference.Kind).GroupKind(), namespace, reference.Name), true
}
