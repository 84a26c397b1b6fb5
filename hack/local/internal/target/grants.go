// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package target

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// CheckGrants finds out by dry runs whether the roles among the objects may be applied, since one may only grant to others
// what one has oneself, and names all that may not. Roles in namespaces that are not there yet cannot be tried.
func (t *Target) CheckGrants(ctx context.Context, objects []*unstructured.Unstructured) error {
	var refused []string
	for _, object := range objects {
		if object.GetKind() != "ClusterRole" && object.GetKind() != "Role" {
			continue
		}
		role := client.ApplyConfigurationFromUnstructured(object.DeepCopy())
		// What else is in the way comes up when it is applied.
		if err := t.Client.Apply(ctx, role, client.ForceOwnership, client.DryRunAll); apierrors.IsForbidden(err) {
			refused = append(refused, object.GetKind()+" "+object.GetName()+": "+lacked(err))
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(refused) == 0 {
		return nil
	}
	return fmt.Errorf("you lack permissions in the cluster at %s (context %q) that the manifests grant to others; nothing was changed. What you lack is in\n"+
		"  %s\nAsk an administrator of the cluster for them, or for the verb escalate on roles and clusterroles, and try again",
		t.Server, t.Context, strings.Join(refused, "\n  "))
}

// lacked returns what the API server says is lacked, in one line.
func lacked(err error) string {
	text := err.Error()
	if _, rules, found := strings.Cut(text, "not currently held:"); found {
		text = rules
	}
	return strings.Join(strings.Fields(text), " ")
}
