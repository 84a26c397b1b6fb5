// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"encoding/json"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// operation is one of a JSON patch (RFC 6902).
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// pointer escapes a segment of a JSON pointer (RFC 6901).
var pointer = strings.NewReplacer("~", "~0", "/", "~1")

// patch sets the ring's shard label and removes its drain label. A patch that cannot be applied would fail the request,
// so it depends on what there is.
func (o object) patch(ring, shard string) []operation {
	label := shardingv1alpha1.LabelShard(ring)
	if !o.hasLabels {
		return []operation{{Op: "add", Path: "/metadata/labels", Value: map[string]string{label: shard}}}
	}
	patch := []operation{{Op: "add", Path: "/metadata/labels/" + pointer.Replace(label), Value: shard}}
	drain := shardingv1alpha1.LabelDrain(ring)
	if _, found := o.labels[drain]; found {
		patch = append(patch, operation{Op: "remove", Path: "/metadata/labels/" + pointer.Replace(drain)})
	}
	return patch
}

// answer returns the AdmissionReview that lets the request pass, with the patch if there is one.
func answer(uid string, patch []operation) ([]byte, error) {
	response := admissionv1.AdmissionResponse{UID: types.UID(uid), Allowed: true}
	if len(patch) > 0 {
		encoded, err := json.Marshal(patch)
		if err != nil {
			return nil, err
		}
		response.Patch, response.PatchType = encoded, new(admissionv1.PatchTypeJSONPatch)
	}
	return json.Marshal(admissionv1.AdmissionReview{
		TypeMeta: metav1.TypeMeta{APIVersion: admissionv1.SchemeGroupVersion.String(), Kind: "AdmissionReview"},
		Response: &response,
	})
}
