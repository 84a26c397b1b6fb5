// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ThemeSpec says what the pages of a theme's websites look like. Every field may be changed at any time; the websites
// that use the theme follow.
type ThemeSpec struct {
	// color is the CSS colour that the page is built around: a colour name in lower-case letters such as "teal", or
	// "#rgb", "#rrggbb" or "#rrggbbaa" in hexadecimal digits. A name that no browser knows is accepted, and ignored by
	// the browser.
	// +required
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z]+|#([0-9A-Fa-f]{3}|[0-9A-Fa-f]{6}|[0-9A-Fa-f]{8}))$')",message="must be a CSS colour name in lower-case letters (teal), or #rgb, #rrggbb or #rrggbbaa in hexadecimal digits"
	Color string `json:"color"`

	// fontFamily is a comma-separated list of font families, the first one that a visitor's machine has is used, for
	// example "Helvetica Neue, Arial, sans-serif". Each consists of letters, digits, spaces, hyphens and underscores, and
	// starts with a letter, a hyphen or an underscore. There are no quotes, not even around names with spaces.
	// +required
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Za-z_-][A-Za-z0-9 _-]*(, *[A-Za-z_-][A-Za-z0-9 _-]*)*$')",message="must be font families separated by commas, each made of letters, digits, spaces, hyphens and underscores, starting with a letter, hyphen or underscore; quotes are not allowed, nor needed"
	FontFamily string `json:"fontFamily"`
}

// Theme is what websites look like: a colour and a font. It is cluster-scoped, so that all projects can use it. Its
// name has at most 63 characters.
//
// A theme may be deleted while websites use it: they keep serving the page that they have, in phase Error, until the
// theme is back or they choose another.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=themes,singular=theme,scope=Cluster,shortName=th,categories=webhosting
// +kubebuilder:printcolumn:name="Color",type=string,JSONPath=`.spec.color`
// +kubebuilder:printcolumn:name="Font",type=string,JSONPath=`.spec.fontFamily`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 63",message="the name of a Theme must have at most 63 characters"
type Theme struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// spec says what the pages look like.
	// +required
	Spec ThemeSpec `json:"spec"`
}

// ThemeList is a list of themes.
//
// +kubebuilder:object:root=true
type ThemeList struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ListMeta `json:"metadata,omitzero"`

	// items are the themes.
	Items []Theme `json:"items"`
}
