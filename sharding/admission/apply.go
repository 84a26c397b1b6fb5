// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FieldOwner is the field manager of webhook configurations. It owns all that WebhookConfiguration returns: the CA bundle
// too, unless cert-manager is asked to inject it.
const FieldOwner = "sharder"

// Apply brings about the configuration by server-side apply if what the client reads differs from it, and reports whether
// it did. What others added stays.
func Apply(ctx context.Context, c client.Client, want *admissionregistrationv1.MutatingWebhookConfiguration) (bool, error) {
	have := &admissionregistrationv1.MutatingWebhookConfiguration{}
	if err := c.Get(ctx, client.ObjectKeyFromObject(want), have); client.IgnoreNotFound(err) != nil {
		return false, fmt.Errorf("reading the webhook configuration: %w", err)
	}
	if have.UID != "" && holds(have, want) {
		return false, nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(want)
	if err != nil {
		return false, fmt.Errorf("encoding the webhook configuration: %w", err)
	}
	configuration := &unstructured.Unstructured{Object: content}
	configuration.SetGroupVersionKind(admissionregistrationv1.SchemeGroupVersion.WithKind("MutatingWebhookConfiguration"))
	if err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(configuration), client.FieldOwner(FieldOwner), client.ForceOwnership); err != nil {
		return false, fmt.Errorf("applying the webhook configuration: %w", err)
	}
	return true, nil
}

// holds reports whether what there is holds all that is wanted, and no webhook that is not wanted any more.
func holds(have, want *admissionregistrationv1.MutatingWebhookConfiguration) bool {
	_, wantInjected := want.Annotations[annotationInjectCA]
	_, haveInjected := have.Annotations[annotationInjectCA]
	return wantInjected == haveInjected && contains(have.Labels, want.Labels) && contains(have.Annotations, want.Annotations) &&
		!slices.ContainsFunc(want.OwnerReferences, func(owner metav1.OwnerReference) bool {
			return !slices.ContainsFunc(have.OwnerReferences, func(o metav1.OwnerReference) bool { return equality.Semantic.DeepEqual(o, owner) })
		}) &&
		equality.Semantic.DeepEqual(comparison(have.Webhooks, wantInjected), comparison(want.Webhooks, wantInjected))
}

// comparison returns the webhooks that belong to the sharder, sorted, without the CA bundle where that is somebody else's.
func comparison(webhooks []admissionregistrationv1.MutatingWebhook, injected bool) []admissionregistrationv1.MutatingWebhook {
	var own []admissionregistrationv1.MutatingWebhook
	for _, webhook := range webhooks {
		if !strings.HasSuffix(webhook.Name, webhookDomain) {
			continue
		}
		if injected {
			webhook.ClientConfig.CABundle = nil
		}
		own = append(own, webhook)
	}
	slices.SortFunc(own, func(a, b admissionregistrationv1.MutatingWebhook) int { return strings.Compare(a.Name, b.Name) })
	return own
}

func contains(have, want map[string]string) bool {
	all := maps.Clone(have)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, want)
	return maps.Equal(all, have)
}
