// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package v1alpha1 holds the API of the webhosting operator: a Website is a small site in a project's namespace, a
// Theme is what it looks like.
//
// Both kinds are validated by the API server (schema and CEL rules in the generated CRDs), so the operator never sees
// an object that breaks a rule given here.
//
// +kubebuilder:object:generate=true
// +groupName=webhosting.timebertt.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupName is the API group of Theme and Website.
const GroupName = "webhosting.timebertt.dev"

var (
	// GroupVersion is the group and version of every type in this package.
	GroupVersion = schema.GroupVersion{Group: GroupName, Version: "v1alpha1"}

	// AddToScheme makes the types of this package known to a scheme.
	AddToScheme = schemeBuilder.AddToScheme

	schemeBuilder = runtime.NewSchemeBuilder(addKnownTypes)
)

func addKnownTypes(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&Theme{}, &ThemeList{},
		&Website{}, &WebsiteList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
