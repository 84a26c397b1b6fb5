// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package manifests

import (
	"context"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// crdTimeout is how long the API server may take to serve a new kind.
const crdTimeout = 30 * time.Second

// Apply applies the objects server-side, those first that others live in or are instances of, and those last by which
// policies begin to act, since permissions go with them. An object that is as wanted is not changed.
func Apply(ctx context.Context, c client.Client, objects []*unstructured.Unstructured) error {
	for _, object := range InOrder(objects) {
		// The API server fills the object in; what was rendered stays as it was.
		object = object.DeepCopy()
		err := c.Apply(ctx, client.ApplyConfigurationFromUnstructured(object), client.ForceOwnership)
		if err != nil {
			return fmt.Errorf("applying %s: %w", Describe(object), err)
		}
		if object.GetKind() == "CustomResourceDefinition" {
			if err := waitEstablished(ctx, c, object.GetName()); err != nil {
				return err
			}
		}
	}
	return nil
}

// Describe names an object for people.
func Describe(object *unstructured.Unstructured) string {
	if object.GetNamespace() == "" {
		return object.GetKind() + " " + object.GetName()
	}
	return object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
}

// InOrder returns the objects in the order in which they have to be applied.
func InOrder(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	rank := map[string]int{
		"CustomResourceDefinition": -2, "Namespace": -1,
		"ValidatingAdmissionPolicyBinding": 1, "MutatingAdmissionPolicyBinding": 1,
	}
	ordered := slices.Clone(objects)
	slices.SortStableFunc(ordered, func(a, b *unstructured.Unstructured) int {
		return rank[a.GetKind()] - rank[b.GetKind()]
	})
	return ordered
}

func waitEstablished(ctx context.Context, c client.Client, name string) error {
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(schema.GroupVersionKind{
		Group: "apiextensions.k8s.io", Version: "v1", Kind: "CustomResourceDefinition",
	})
	err := wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, crdTimeout, true, func(ctx context.Context) (bool, error) {
		if err := c.Get(ctx, client.ObjectKey{Name: name}, crd); err != nil {
			return false, err
		}
		return condition(crd, "Established") == "True", nil
	})
	if err != nil {
		return fmt.Errorf("waiting until the API server serves %s: %w", name, err)
	}
	// The client looks kinds up again only after it met one that it does not know.
	meta.MaybeResetRESTMapper(c.RESTMapper())
	return nil
}

func condition(object *unstructured.Unstructured, conditionType string) string {
	conditions, _, _ := unstructured.NestedSlice(object.Object, "status", "conditions")
	for _, item := range conditions {
		if fields, ok := item.(map[string]any); ok && fields["type"] == conditionType {
			status, _ := fields["status"].(string)
			return status
		}
	}
	return ""
}
