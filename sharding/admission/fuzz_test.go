// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"testing"

	. "github.com/onsi/gomega"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kubernetesjson "sigs.k8s.io/json"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
)

// FuzzHandler compares the handler with one that decodes all of the request by encoding/json, in the form in which API
// servers use it (which tells upper from lower case).
//
//	go test -run - -fuzz FuzzHandler -fuzztime 1m ./sharding/admission
func FuzzHandler(f *testing.F) {
	const controller = `{"apiVersion":"example.com/v1","kind":"Cat","name":"felix","uid":"1","controller":true}`
	for _, q := range []question{
		{object: felix},
		{object: `{"metadata":{"name":"felix","namespace":"home","labels":null,"annotations":null,"creationTimestamp":null}}`},
		{object: `{"Metadata":{"name":"tom"},"metadata":{"Name":"tom","name":"felix","labels":{"a":"b"}},"metadata":{"labels":{"c":null}}}`},
		{object: `{"metadata":{"n\u0061me":"f\u00e9lix\ud83d\ude00\ud800","labels":{"\u0073hard.alpha.sharding.timebertt.dev\/cats":"x"}}}`},
		{object: `{"metadata":{"name":"felix","labels":{"drain.alpha.sharding.timebertt.dev/cats":null,"~/\"":"\\"}}}`},
		{object: `{"metadata":{"generateName":"felix-"}}`},
		{object: large(f, 200)},
		{resource: "namespaces", name: "home", namespace: "home", object: `{"metadata":{"name":"home"}}`},
		{group: "example.com", resource: "breeds", name: "persian", object: `{"metadata":{"name":"persian"}}`},
		{group: "example.com", resource: "bowls", namespace: "home", object: `{"metadata":{"ownerReferences":[null,{"kind":"Cat"},` + controller + `,` + controller + `]}}`},
		{resource: "configmaps", namespace: "home", object: `{"metadata":{"ownerReferences":[` + controller + `],"ownerReferences":null}}`},
		{operation: "DELETE", object: `null`},
	} {
		f.Add(q.operation, q.group, q.resource, q.subresource, q.namespace, q.name, q.object)
	}
	ring := cats(threeShards)
	f.Fuzz(func(t *testing.T, operation, group, resource, subresource, namespace, name, inserted string) {
		g := NewWithT(t)
		body := []byte(question{
			operation: operation, group: group, resource: resource, subresource: subresource,
			namespace: namespace, name: name, object: inserted,
		}.body())
		response := ask(t, ring, post(catsPath, string(body)))

		var review admissionv1.AdmissionReview
		var object metav1.PartialObjectMetadata
		if kubernetesjson.UnmarshalCaseSensitivePreserveInts(body, &review) != nil || review.Request == nil ||
			kubernetesjson.UnmarshalCaseSensitivePreserveInts(review.Request.Object.Raw, &object) != nil {
			return // the API server can send no such thing; that the request passes was checked
		}
		request := review.Request
		if response.Patch == nil && saysSomethingTwice(body) {
			return // counts as unreadable
		}

		g.Expect(response.UID).To(Equal(request.UID))
		shard := expectedShard(ring, request, &object)
		if shard == "" {
			g.Expect(response.Patch).To(BeNil())
			return
		}
		g.Expect(response.Patch).NotTo(BeNil())
		want := map[string]string{}
		maps.Copy(want, object.Labels)
		want[labelShard] = shard
		delete(want, labelDrain)
		g.Expect(patched(t, request.Object.Raw, response.Patch)).To(Equal(want))
	})
}

// expectedShard says what the handler should do, from the whole object and in the plainest way.
func expectedShard(ring admission.Ring, request *admissionv1.AdmissionRequest, object *metav1.PartialObjectMetadata) string {
	if request.Operation != admissionv1.Create && request.Operation != admissionv1.Update || request.SubResource != "" {
		return ""
	}
	if parts := map[string]json.RawMessage{}; json.Unmarshal(request.Object.Raw, &parts) != nil || !bytes.HasPrefix(parts["metadata"], []byte("{")) {
		return "" // there is nothing that a patch could change
	}
	if _, labelled := object.Labels[labelShard]; labelled {
		return ""
	}
	if object.Name == "" {
		object.Name = request.Name
	}
	if object.Namespace == "" {
		object.Namespace = request.Namespace
	}
	resource := schema.GroupResource{Group: request.Resource.Group, Resource: request.Resource.Resource}
	if main, found := ring.Main[resource]; found {
		if main.Scope == key.ClusterScoped {
			object.Namespace = ""
		}
		if object.Name == "" {
			return ""
		}
		return ownerOf(key.ForMain(object, main.GroupKind))
	}
	controller := metav1.GetControllerOf(object)
	for _, main := range ring.Controlled[resource] {
		if controller != nil && schema.FromAPIVersionAndKind(controller.APIVersion, controller.Kind).GroupKind() == main.GroupKind {
			if k, ok := key.ForController(object, main.Scope); ok {
				return ownerOf(k)
			}
		}
	}
	return ""
}

// saysSomethingTwice reports whether there is a JSON object with two members of the same name.
func saysSomethingTwice(body []byte) bool {
	type level struct {
		names map[string]bool
		value bool // whether the next token is a value, not a name
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	var levels []level
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if delimiter, ok := token.(json.Delim); ok && (delimiter == '}' || delimiter == ']') {
			levels = levels[:len(levels)-1]
			continue
		}
		if top := len(levels) - 1; top >= 0 && levels[top].names != nil {
			if name, isString := token.(string); isString && !levels[top].value {
				if levels[top].names[name] {
					return true
				}
				levels[top].names[name], levels[top].value = true, true
				continue
			}
			levels[top].value = false
		}
		switch token {
		case json.Delim('{'):
			levels = append(levels, level{names: map[string]bool{}})
		case json.Delim('['):
			levels = append(levels, level{})
		}
	}
}
