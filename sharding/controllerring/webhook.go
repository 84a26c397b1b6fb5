// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"context"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// configureWebhook makes the API server ask this sharder about the ring's objects. Before there is a certificate that it
// could trust, it is not told to ask.
func (r *Reconciler) configureWebhook(ctx context.Context, ring *shardingv1alpha1.ControllerRing, served admission.Ring) error {
	if r.options.WebhookServer == nil {
		return nil
	}
	if len(served.Main) == 0 {
		return r.removeWebhook(ctx, ring.Name)
	}
	server, known := r.options.WebhookServer()
	if !known {
		return nil
	}
	owner := metav1.NewControllerRef(ring, shardingv1alpha1.GroupVersion.WithKind("ControllerRing"))
	_, err := admission.Apply(ctx, r.client, admission.WebhookConfiguration(served, admission.WebhookOptions{
		Namespaces:         ring.Spec.NamespaceSelector,
		ExcludedNamespaces: []string{r.options.Namespace},
		Server:             server,
		Owner:              owner,
	}))
	return err
}

// removeWebhook deletes the ring's webhook configuration, if there is one. It is garbage collected, too; but not before
// the API server has asked for nothing for a while.
func (r *Reconciler) removeWebhook(ctx context.Context, ring string) error {
	if r.options.WebhookServer == nil {
		return nil
	}
	configuration := &admissionregistrationv1.MutatingWebhookConfiguration{}
	if err := r.client.Get(ctx, client.ObjectKey{Name: admission.WebhookName(ring)}, configuration); err != nil {
		return client.IgnoreNotFound(err)
	}
	if err := r.client.Delete(ctx, configuration); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting the webhook configuration: %w", err)
	}
	return nil
}
