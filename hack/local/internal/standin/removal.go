// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package standin

import (
	"context"
	"fmt"
	"maps"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// Delete deletes the ring, and returns when the sharder has nothing more to do with it. Its namespace stays until Clear.
func (r *Ring) Delete(ctx context.Context) error {
	object := &shardingv1alpha1.ControllerRing{ObjectMeta: metav1.ObjectMeta{Name: r.Name}}
	if err := r.client.Delete(ctx, object); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting the ring %s: %w", r.Name, err)
	}
	return r.poll(ctx, "the webhook of the ring "+r.Name+" is gone", func() (bool, error) {
		configuration := &admissionregistrationv1.MutatingWebhookConfiguration{}
		err := r.client.Get(ctx, client.ObjectKey{Name: "sharding-" + r.Name}, configuration)
		return err != nil, client.IgnoreNotFound(err)
	})
}

// Clear removes all that was ever made here, and returns when it is gone. It is fine if nothing was.
func (c *Cluster) Clear(ctx context.Context) error {
	err := c.client.DeleteAllOf(ctx, &shardingv1alpha1.ControllerRing{}, client.MatchingLabels(marked))
	if err != nil && !meta.IsNoMatchError(err) && !apierrors.IsNotFound(err) { // where no sharder is, there are no rings
		return fmt.Errorf("deleting the rings of an earlier measurement: %w", err)
	}
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: roleName}}
	if err := c.client.Delete(ctx, role); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting what the sharder was permitted: %w", err)
	}
	return c.poll(ctx, "the namespaces of the rings are gone", func() (bool, error) {
		namespaces := &corev1.NamespaceList{}
		if err := c.client.List(ctx, namespaces, client.MatchingLabels(marked)); err != nil {
			return false, err
		}
		for i := range namespaces.Items {
			if namespaces.Items[i].DeletionTimestamp != nil {
				continue
			}
			if err := c.client.Delete(ctx, &namespaces.Items[i]); client.IgnoreNotFound(err) != nil {
				return false, err
			}
		}
		return len(namespaces.Items) == 0, nil
	})
}

// Marked returns the labels with the one by which Clear finds a namespace.
func Marked(labels map[string]string) map[string]string {
	all := maps.Clone(marked)
	maps.Copy(all, labels)
	return all
}
