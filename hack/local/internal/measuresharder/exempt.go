// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"
	"encoding/json"
	"fmt"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// projectsOnly is the binding of the policy that refuses websites in namespaces that the operator's ring does not select.
const projectsOnly = "websites-in-projects.webhosting.timebertt.dev"

// exempt keeps the policy away from both namespaces that requests are sent to, so that they differ by the webhook alone.
func exempt(ctx context.Context, c client.Client) error {
	return bind(ctx, c, &admissionregistrationv1.MatchResources{NamespaceSelector: &metav1.LabelSelector{
		MatchExpressions: []metav1.LabelSelectorRequirement{{
			Key:      corev1.LabelMetadataName,
			Operator: metav1.LabelSelectorOpNotIn,
			Values:   []string{otherNamespace, selectedNamespace},
		}},
	}})
}

// oblige has the policy look at all namespaces again.
func oblige(ctx context.Context, c client.Client) error {
	return bind(ctx, c, nil)
}

func bind(ctx context.Context, c client.Client, where *admissionregistrationv1.MatchResources) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{"matchResources": where}})
	if err != nil {
		return err
	}
	binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: projectsOnly}}
	if err := client.IgnoreNotFound(c.Patch(ctx, binding, client.RawPatch(types.MergePatchType, patch))); err != nil {
		return fmt.Errorf("changing where the policy %s holds: %w", projectsOnly, err)
	}
	return nil
}
