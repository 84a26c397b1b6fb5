// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package drive

import (
	"context"
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// Writer is a Cluster that a client reaches. It asks for metadata only where it changes or deletes something.
type Writer struct {
	Client client.Client
}

var _ Cluster = Writer{}

func metadata(kind string, key types.NamespacedName) *metav1.PartialObjectMetadata {
	return &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: kind},
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name},
	}
}

// CreateWebsite implements Cluster.
func (w Writer) CreateWebsite(ctx context.Context, website *v1alpha1.Website) (int64, error) {
	err := w.Client.Create(ctx, website)
	return website.Generation, err
}

// DeleteWebsite implements Cluster. A website that somebody else deleted before is fine.
func (w Writer) DeleteWebsite(ctx context.Context, key types.NamespacedName) error {
	return client.IgnoreNotFound(w.Client.Delete(ctx, metadata("Website", key)))
}

// ChangeWebsite implements Cluster.
func (w Writer) ChangeWebsite(ctx context.Context, key types.NamespacedName, theme string) (int64, error) {
	website := metadata("Website", key)
	err := w.patch(ctx, website, v1alpha1.WebsiteSpec{Theme: theme})
	return website.Generation, err
}

// ChangeTheme implements Cluster.
func (w Writer) ChangeTheme(ctx context.Context, name string, spec v1alpha1.ThemeSpec) error {
	return w.patch(ctx, metadata("Theme", types.NamespacedName{Name: name}), spec)
}

func (w Writer) patch(ctx context.Context, object client.Object, spec any) error {
	patch, err := json.Marshal(map[string]any{"spec": spec})
	if err != nil {
		return err
	}
	return w.Client.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch))
}
