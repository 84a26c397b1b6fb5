// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package key_test

import (
	"testing"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
)

var (
	website = schema.GroupKind{Group: "webhosting.timebertt.dev", Kind: "Website"}
	theme   = schema.GroupKind{Group: "webhosting.timebertt.dev", Kind: "Theme"}
)

func TestOf(t *testing.T) {
	tests := []struct {
		name           string
		gk             schema.GroupKind
		namespace, obj string
		want           string
	}{
		{"namespaced", website, "project-1", "website-1", "webhosting.timebertt.dev/Website/project-1/website-1"},
		{"cluster-scoped", theme, "", "theme-1", "webhosting.timebertt.dev/Theme//theme-1"},
		{"core group", schema.GroupKind{Kind: "ConfigMap"}, "default", "config-1", "/ConfigMap/default/config-1"},
		{"core group, cluster-scoped", schema.GroupKind{Kind: "Namespace"}, "", "default", "/Namespace//default"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(key.Of(tt.gk, tt.namespace, tt.obj)).To(Equal(tt.want))
		})
	}
}

func TestForMain(t *testing.T) {
	g := NewWithT(t)
	obj := &metav1.PartialObjectMetadata{
		// Neither the kind that the object happens to carry nor its UID counts.
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Other"},
		ObjectMeta: metav1.ObjectMeta{Namespace: "project-1", Name: "website-1", UID: "uid"},
	}

	g.Expect(key.ForMain(obj, website)).To(Equal("webhosting.timebertt.dev/Website/project-1/website-1"))
}

func TestForController(t *testing.T) {
	const wantWebsite = "webhosting.timebertt.dev/Website/project-1/website-1"
	controller := metav1.OwnerReference{
		APIVersion: "webhosting.timebertt.dev/v1alpha1", Kind: "Website", Name: "website-1", UID: "uid", Controller: new(true),
	}
	with := func(change func(*metav1.OwnerReference)) metav1.OwnerReference {
		reference := controller
		change(&reference)
		return reference
	}

	tests := []struct {
		name       string
		references []metav1.OwnerReference
		scope      key.Scope
		want       string
		wantOK     bool
	}{
		{name: "no owner"},
		{
			name:       "controller",
			references: []metav1.OwnerReference{controller},
			want:       wantWebsite, wantOK: true,
		},
		{
			name:       "another version of the controller's kind",
			references: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.APIVersion = "webhosting.timebertt.dev/v1" })},
			want:       wantWebsite, wantOK: true,
		},
		{
			name:       "controller recreated with another UID",
			references: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.UID = "other" })},
			want:       wantWebsite, wantOK: true,
		},
		{
			name: "controller among other owners",
			references: []metav1.OwnerReference{
				with(func(r *metav1.OwnerReference) { r.Name, r.Controller = "first", nil }),
				with(func(r *metav1.OwnerReference) { r.Name, r.Controller = "second", new(false) }),
				controller,
			},
			want: wantWebsite, wantOK: true,
		},
		{
			name:       "owner that is no controller",
			references: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.Controller = nil })},
		},
		{
			name: "controller of the core group",
			references: []metav1.OwnerReference{
				with(func(r *metav1.OwnerReference) { r.APIVersion, r.Kind = "v1", "ReplicationController" }),
			},
			want: "/ReplicationController/project-1/website-1", wantOK: true,
		},
		{
			name: "cluster-scoped controller",
			references: []metav1.OwnerReference{
				with(func(r *metav1.OwnerReference) { r.Kind, r.Name = "Theme", "theme-1" }),
			},
			scope: key.ClusterScoped,
			want:  "webhosting.timebertt.dev/Theme//theme-1", wantOK: true,
		},
		{
			name:       "malformed apiVersion",
			references: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.APIVersion = "a/b/c" })},
		},
		{
			name:       "empty apiVersion",
			references: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.APIVersion = "" })},
		},
		{
			name:       "apiVersion without a version",
			references: []metav1.OwnerReference{with(func(r *metav1.OwnerReference) { r.APIVersion = "webhosting.timebertt.dev/" })},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := NewWithT(t)
			obj := &metav1.ObjectMeta{Namespace: "project-1", Name: "controlled", OwnerReferences: tt.references}

			got, ok := key.ForController(obj, tt.scope)

			g.Expect(got).To(Equal(tt.want))
			g.Expect(ok).To(Equal(tt.wantOK))
		})
	}
}

func TestControlledObjectHasTheKeyOfItsController(t *testing.T) {
	for name, tt := range map[string]struct {
		scope     key.Scope
		namespace string
	}{
		"namespaced":     {key.Namespaced, "project-1"},
		"cluster-scoped": {key.ClusterScoped, ""},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			main := &metav1.ObjectMeta{Namespace: tt.namespace, Name: "main", UID: "uid"}
			controlled := &metav1.ObjectMeta{Namespace: "project-1", Name: "controlled"}
			controlled.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(main, website.WithVersion("v1alpha1"))}

			got, ok := key.ForController(controlled, tt.scope)

			g.Expect(ok).To(BeTrue())
			g.Expect(got).To(Equal(key.ForMain(main, website)))
		})
	}
}
