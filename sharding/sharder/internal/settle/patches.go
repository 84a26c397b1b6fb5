// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package settle

import (
	"encoding/json"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// ownerPatch gives the object to a shard and clears the drain label, unless the object has changed in any way since.
func ownerPatch(s scope.Scope, object *metav1.PartialObjectMetadata, shard string) (client.Patch, error) {
	labels := map[string]any{s.LabelShard(): shard}
	if _, draining := object.Labels[s.LabelDrain()]; draining {
		labels[s.LabelDrain()] = nil
	}
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid":             object.UID,
		"resourceVersion": object.ResourceVersion,
		"labels":          labels,
	}})
	return client.RawPatch(types.MergePatchType, patch), err
}

// drainPatch asks the object's owner to let it go, unless the owner has changed since. Other changes do not matter: a
// drain takes nothing from anybody, so it need not wait for a moment in which people leave the object alone. If the
// condition fails, the API server calls the patch invalid.
func drainPatch(s scope.Scope, object *metav1.PartialObjectMetadata) (client.Patch, error) {
	patch, err := json.Marshal([]operation{
		{"test", "/metadata/uid", object.UID},
		{"test", labelPath(s.LabelShard()), object.Labels[s.LabelShard()]},
		{"add", labelPath(s.LabelDrain()), "true"},
	})
	return client.RawPatch(types.JSONPatchType, patch), err
}

// operation is one of a JSON patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// labelPath is a JSON pointer (RFC 6901) to a label.
func labelPath(key string) string {
	return "/metadata/labels/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
