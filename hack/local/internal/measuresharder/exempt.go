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

// binding is that of a policy that tells the two namespaces apart which requests are sent to.
type binding struct{ kind, name string }

var (
	// projectsOnly refuses websites in namespaces that the operator's ring does not select.
	projectsOnly = []binding{{"ValidatingAdmissionPolicyBinding", "websites-in-projects.webhosting.timebertt.dev"}}
	// protection looks at who changes labels, in namespaces that the ring selects.
	protection = []binding{
		{"MutatingAdmissionPolicyBinding", "webhosting-operator-shard-labels"},
		{"ValidatingAdmissionPolicyBinding", "webhosting-operator-shard-labels"},
	}
)

// exempt keeps policies away from both namespaces, so that these do not differ by them.
func exempt(ctx context.Context, c client.Client, policies []binding) error {
	return bind(ctx, c, policies, []metav1.LabelSelectorRequirement{{
		Key:      corev1.LabelMetadataName,
		Operator: metav1.LabelSelectorOpNotIn,
		Values:   []string{otherNamespace, selectedNamespace},
	}})
}

// oblige has policies look at these namespaces again as at all others.
func oblige(ctx context.Context, c client.Client, policies []binding) error {
	return bind(ctx, c, policies, nil)
}

func bind(ctx context.Context, c client.Client, policies []binding, where []metav1.LabelSelectorRequirement) error {
	patch, err := json.Marshal(map[string]any{"spec": map[string]any{
		"matchResources": map[string]any{"namespaceSelector": map[string]any{"matchExpressions": where}},
	}})
	if err != nil {
		return err
	}
	for _, policy := range policies {
		object := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Name: policy.name}}
		object.SetGroupVersionKind(admissionregistrationv1.SchemeGroupVersion.WithKind(policy.kind))
		if err := client.IgnoreNotFound(c.Patch(ctx, object, client.RawPatch(types.MergePatchType, patch))); err != nil {
			return fmt.Errorf("changing where the %s %s holds: %w", policy.kind, policy.name, err)
		}
	}
	return nil
}
