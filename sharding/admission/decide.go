// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"cmp"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// outcome is what became of a request. It is a label of the metrics.
type outcome string

const (
	// assigned: the object was given a shard.
	assigned outcome = "assigned"
	// kept: the object has a shard already.
	kept outcome = "kept"
	// unavailable: no shard of the ring is available.
	unavailable outcome = "unavailable"
	// unnamed: the object has no name yet (generateName), so it is not known where it belongs.
	unnamed outcome = "unnamed"
	// uncontrolled: the object is of a controlled resource, but no main object controls it.
	uncontrolled outcome = "uncontrolled"
	// foreign: the ring has nothing to do with what was asked about, such as another resource or a deletion.
	foreign outcome = "foreign"
	// unreadable: what was asked cannot be read.
	unreadable outcome = "unreadable"
	// unknown: there is no such ring.
	unknown outcome = "unknown_ring"
)

// decide returns what becomes of a request, and the shard if the object is assigned to one.
func (r Ring) decide(q request) (decision outcome, shard string) {
	key, reason := r.key(q)
	if reason != "" {
		return reason, ""
	}
	membership := r.Membership()
	switch d := membership.Plan(q.object.labels, key); {
	case d.Action == plan.Assign:
		return assigned, d.Shard
	case len(membership.Available()) == 0:
		return unavailable, ""
	default:
		return kept, "" // whether it has to be drained or moved is not decided here
	}
}

// key returns the key of the object, or why it has none.
func (r Ring) key(q request) (string, outcome) {
	if q.operation != "CREATE" && q.operation != "UPDATE" || q.subResource != "" {
		return "", foreign
	}
	main, isMain := r.Main[q.resource]
	mains, isControlled := r.Controlled[q.resource]
	switch {
	case !isMain && !isControlled:
		return "", foreign
	case !q.object.hasMetadata:
		return "", unreadable
	case isMain:
		name := cmp.Or(q.object.name, q.name)
		if name == "" {
			return "", unnamed
		}
		return key.Of(main.GroupKind, q.namespaceOf(main), name), ""
	default:
		return q.controllerKey(mains)
	}
}

// controllerKey returns the key of the main object that controls the object.
func (q request) controllerKey(mains []Kind) (string, outcome) {
	if q.object.controller == nil {
		return "", uncontrolled
	}
	controller := schema.FromAPIVersionAndKind(q.object.controller.APIVersion, q.object.controller.Kind).GroupKind()
	i := slices.IndexFunc(mains, func(main Kind) bool { return main.GroupKind == controller })
	if i < 0 {
		return "", uncontrolled
	}
	controlled := metav1.ObjectMeta{Namespace: q.namespaceOf(mains[i]), OwnerReferences: []metav1.OwnerReference{*q.object.controller}}
	key, ok := key.ForController(&controlled, mains[i].Scope)
	if !ok {
		return "", uncontrolled
	}
	return key, ""
}

// namespaceOf returns where the main object is. Requests for Namespaces carry a namespace, though these are in none.
func (q request) namespaceOf(main Kind) string {
	if main.Scope == key.ClusterScoped {
		return ""
	}
	return cmp.Or(q.object.namespace, q.namespace)
}
