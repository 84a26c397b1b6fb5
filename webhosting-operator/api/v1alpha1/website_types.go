// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// WebsiteSpec says what a website should be.
type WebsiteSpec struct {
	// theme is the name of the Theme that the page is drawn in. It may be changed at any time. A theme that does not
	// exist is accepted: the website is in phase Error until the theme appears.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')",message="must be the name of a Theme: lower-case letters, digits, hyphens and dots, starting and ending with a letter or digit"
	Theme string `json:"theme"`
}

// WebsitePhase is the state of a website in one word.
//
// +kubebuilder:validation:Enum=Pending;Ready;Error;Terminating
type WebsitePhase string

const (
	// PhasePending holds while the website's objects exist, but the page in its present form is not served by all
	// replicas yet.
	PhasePending WebsitePhase = "Pending"
	// PhaseReady holds when every replica serves the page in its present form.
	PhaseReady WebsitePhase = "Ready"
	// PhaseError holds when something that only people can change is in the way. The condition Ready says what. A page
	// that was served before is still served.
	PhaseError WebsitePhase = "Error"
	// PhaseTerminating holds from the website's deletion until the last of its finalizers is gone. Nothing is created
	// or repaired any more.
	PhaseTerminating WebsitePhase = "Terminating"
)

// ConditionReady is the type of the condition that says why a website is in its phase. It is "True" in phase Ready and
// "False" in all others.
const ConditionReady = "Ready"

// Reasons of the condition Ready.
const (
	// ReasonAvailable holds in phase Ready.
	ReasonAvailable = "Available"
	// ReasonRollingOut holds in phase Pending while the Deployment is not, or no longer, fully updated and available.
	ReasonRollingOut = "RollingOut"
	// ReasonRolloutStuck holds in phase Pending while the API server refuses the pods, and when the Deployment's rollout
	// exceeded its progress deadline.
	ReasonRolloutStuck = "RolloutStuck"
	// ReasonRetrying holds in phase Pending when the first attempts to create the website's objects failed, for a reason
	// that may pass by itself. Later such failures do not show in the status.
	ReasonRetrying = "Retrying"
	// ReasonThemeNotFound holds in phase Error while the theme does not exist.
	ReasonThemeNotFound = "ThemeNotFound"
	// ReasonNameTaken holds in phase Error when an object that the website needs belongs to somebody else.
	ReasonNameTaken = "NameTaken"
	// ReasonRefused holds in phase Error when the API server refuses one of the website's objects for good, because of
	// a quota or a policy for example.
	ReasonRefused = "Refused"
	// ReasonDeleted holds in phase Terminating.
	ReasonDeleted = "Deleted"
)

// WebsiteStatus is what the operator found when it last looked at the website.
type WebsiteStatus struct {
	// observedGeneration is the metadata.generation that the rest of the status was computed for. If it is lower than
	// metadata.generation, the operator has not seen the latest change yet.
	// +optional
	// +kubebuilder:validation:Minimum=0
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// phase is the state of the website in one word: Pending, Ready, Error or Terminating. It is empty before the
	// operator has seen the website for the first time.
	// +optional
	Phase WebsitePhase `json:"phase,omitempty"`

	// lastTransitionTime is when phase changed last.
	// +optional
	LastTransitionTime *metav1.Time `json:"lastTransitionTime,omitempty"`

	// conditions say why the website is in its phase. The operator sets the type Ready.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=8
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Website is a small site with one page, which is served at the path /<namespace>/<name>. For each one, the operator
// keeps a ConfigMap, a Deployment, a Service and an Ingress. Their name is the website's name, a hyphen and six
// hexadecimal digits, so the website's name has at most 56 characters.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=websites,singular=website,scope=Namespaced,shortName=ws,categories=webhosting
// +kubebuilder:printcolumn:name="Theme",type=string,JSONPath=`.spec.theme`
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Since",type=date,JSONPath=`.status.lastTransitionTime`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 56",message="the name of a Website must have at most 56 characters, to leave room for the suffix of its objects' names"
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="the name of a Website must be a DNS label that starts with a letter: lower-case letters, digits and hyphens, ending with a letter or digit"
type Website struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says what the website should be.
	// +required
	Spec WebsiteSpec `json:"spec"`

	// status is what the operator found when it last looked at the website.
	// +optional
	Status WebsiteStatus `json:"status,omitzero"`
}

// WebsiteList is a list of websites.
//
// +kubebuilder:object:root=true
type WebsiteList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items are the websites.
	Items []Website `json:"items"`
}
