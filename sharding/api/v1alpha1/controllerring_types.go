// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ControllerRingSpec says what a sharded controller works on.
type ControllerRingSpec struct {
	// resources are what the controller reconciles, its main resources, each at most once. A resource that the API server
	// does not serve is accepted: the condition Ready names it until it appears, and the others are sharded meanwhile.
	// +optional
	// +listType=map
	// +listMapKey=group
	// +listMapKey=resource
	// +kubebuilder:validation:MaxItems=32
	Resources []RingResource `json:"resources,omitempty"`

	// namespaceSelector selects the namespaces whose objects are sharded, by their labels. Without it, all are. It has no
	// effect on cluster-scoped resources. The webhook never looks at the namespace that the sharder itself runs in.
	// +optional
	NamespaceSelector *metav1.LabelSelector `json:"namespaceSelector,omitempty"`
}

// RingResource is a main resource of a ring together with the resources that it controls.
type RingResource struct {
	GroupResource `json:",inline"`

	// controlledResources are those whose objects have a controller reference to an object of the main resource and need
	// the same shard label. List them only if the shards do not label these objects themselves. The same resource may be
	// controlled by several main resources, but it may not be a main resource of the ring.
	// +optional
	// +listType=map
	// +listMapKey=group
	// +listMapKey=resource
	// +kubebuilder:validation:MaxItems=32
	ControlledResources []GroupResource `json:"controlledResources,omitempty"`
}

// GroupResource names a resource in whichever version the API server prefers.
//
// +kubebuilder:validation:XValidation:rule="!(self.group == 'coordination.k8s.io' && self.resource == 'leases')",message="leases.coordination.k8s.io cannot be sharded: sharder and shards need them to work at all"
// +kubebuilder:validation:XValidation:rule="self.group != 'sharding.timebertt.dev'",message="resources of sharding.timebertt.dev cannot be sharded: a ring must not be able to keep itself from being repaired"
// +kubebuilder:validation:XValidation:rule="!(self.group in ['admissionregistration.k8s.io', 'authentication.k8s.io', 'authorization.k8s.io'])",message="resources of admissionregistration.k8s.io, authentication.k8s.io and authorization.k8s.io cannot be sharded: a ring must not be able to stand in the way of all requests"
type GroupResource struct {
	// group is the API group. Default: empty, which is the core group.
	// +optional
	// +default=""
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$')",message="must be an API group, without a version: lower-case letters, digits, hyphens and dots, starting and ending with a letter or digit; or empty for the core group"
	Group string `json:"group"`

	// resource is the plural name in lower case, for example deployments.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="must be the plural name of one resource, such as deployments: lower-case letters, digits and hyphens, starting with a letter; neither a kind, nor a subresource, nor *"
	Resource string `json:"resource"`
}

// ConditionReady is the type of the condition that says whether the whole ring is being sharded, and what is in the way.
const ConditionReady = "Ready"

// Reasons of the condition Ready. If several hold, it is the first of these; the message tells of all.
const (
	// ReasonInvalidNamespaceSelector holds when spec.namespaceSelector makes no sense. Nothing is assigned.
	ReasonInvalidNamespaceSelector = "InvalidNamespaceSelector"
	// ReasonNoResources holds when spec.resources is empty.
	ReasonNoResources = "NoResources"
	// ReasonSharderFailed holds when the sharder gave up for a reason that has no name of its own. It tries again.
	ReasonSharderFailed = "SharderFailed"
	// ReasonResourceNotServed holds while the API server does not serve one of the resources. The others are sharded.
	ReasonResourceNotServed = "ResourceNotServed"
	// ReasonPermissionMissing holds while the sharder may not work on one of the resources. The others are sharded.
	ReasonPermissionMissing = "PermissionMissing"
	// ReasonInvalidShard holds while there is a lease whose name cannot be that of a shard. It is ignored.
	ReasonInvalidShard = "InvalidShard"
	// ReasonDuplicateShards holds while shards in different namespaces have the same name. Only the one with the older
	// lease gets objects.
	ReasonDuplicateShards = "DuplicateShards"
	// ReasonNoShardAvailable holds while there is no shard that objects could be assigned to. They wait.
	ReasonNoShardAvailable = "NoShardAvailable"
	// ReasonSharded holds when the condition is "True": all resources are sharded.
	ReasonSharded = "Sharded"
)

// ControllerRingStatus is what the leading sharder found when it last looked at the ring.
type ControllerRingStatus struct {
	// observedGeneration is the metadata.generation that the rest of the status was computed for. If it is lower than
	// metadata.generation, the sharder has not seen the latest change yet.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// shards is the number of shards that have a lease.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Shards int32 `json:"shards"`

	// availableShards is the number of shards that objects are assigned to.
	// +optional
	// +kubebuilder:validation:Minimum=0
	AvailableShards int32 `json:"availableShards"`

	// conditions say whether the ring is being sharded. The sharder sets the type Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// ControllerRing is one sharded controller: the resources whose objects are divided among its shards. The shards join it
// by their leases, which carry the ring's name in a label. The name becomes part of a label key, so it has at most 63
// characters.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=controllerrings,singular=controllerring,scope=Cluster,shortName=ring,categories=sharding
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Available",type=integer,JSONPath=`.status.availableShards`
// +kubebuilder:printcolumn:name="Shards",type=integer,JSONPath=`.status.shards`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="the name of a ControllerRing must have at most 63 characters: it becomes part of a label key"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="the name of a ControllerRing must be a DNS label: lower-case letters, digits and hyphens, starting and ending with a letter or digit"
// +kubebuilder:validation:XValidation:rule="!has(self.spec) || !has(self.spec.resources) || self.spec.resources.all(main, !has(main.controlledResources) || main.controlledResources.all(controlled, !self.spec.resources.exists(other, other.group == controlled.group && other.resource == controlled.resource)))",message="a resource cannot be both a main resource and a controlled one",fieldPath=".spec.resources"
type ControllerRing struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says what the controller works on.
	// +optional
	Spec ControllerRingSpec `json:"spec,omitzero"`

	// status is what the leading sharder found when it last looked at the ring.
	// +optional
	Status ControllerRingStatus `json:"status,omitzero"`
}

// ControllerRingList is a list of rings.
//
// +kubebuilder:object:root=true
type ControllerRingList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items are the rings.
	Items []ControllerRing `json:"items"`
}
