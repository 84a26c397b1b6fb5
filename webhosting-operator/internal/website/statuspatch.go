// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// operation is one of a JSON patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// statusPatch replaces the status of a website under the condition that it is still this instance's to write.
//
// A singleton takes the resource version for that. One of several instances goes by the labels that make the website its
// own: whoever takes the website away changes them, while a drain label, or a change of the spec, is no reason to refuse
// a status that tells which generation it is about.
func (r *Reconciler) statusPatch(website, updated *v1alpha1.Website) (client.Patch, error) {
	if len(r.ControlledLabels) == 0 {
		return client.MergeFromWithOptions(website, client.MergeFromWithOptimisticLock{}), nil
	}
	operations := []operation{{Op: "test", Path: "/metadata/uid", Value: website.UID}}
	for key, value := range r.ControlledLabels {
		operations = append(operations, operation{Op: "test", Path: "/metadata/labels/" + escapePointer(key), Value: value})
	}
	operations = append(operations, operation{Op: "add", Path: "/status", Value: updated.Status})
	patch, err := json.Marshal(operations)
	if err != nil {
		return nil, fmt.Errorf("encoding the status: %w", err)
	}
	return client.RawPatch(types.JSONPatchType, patch), nil
}

// escapePointer escapes a key for a JSON pointer (RFC 6901).
func escapePointer(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
