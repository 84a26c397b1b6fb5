// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

var ingressTLS = []networkingv1.IngressTLS{{Hosts: []string{"a.example.com"}, SecretName: "certificate"}}

var kinds = map[string]schema.GroupVersionKind{
	"ConfigMap":  {Version: "v1", Kind: "ConfigMap"},
	"Deployment": {Group: "apps", Version: "v1", Kind: "Deployment"},
	"Service":    {Version: "v1", Kind: "Service"},
	"Ingress":    {Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"},
}

func readChild(ctx context.Context, site *v1alpha1.Website, kind string) *unstructured.Unstructured {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(kinds[kind])
	Expect(api.Get(ctx, client.ObjectKey{Namespace: site.Namespace, Name: website.ServerName(site)}, object)).To(Succeed())
	return object
}

// ownedField is a field that the operator set, with the value that it set.
type ownedField struct {
	path  path
	value any
}

// ownedFields reads off the managed fields of an object what the operator set. Lists and maps that are owned as a whole
// are taken apart.
func ownedFields(object *unstructured.Unstructured) []ownedField {
	GinkgoHelper()
	var fields []ownedField
	for _, entry := range object.GetManagedFields() {
		if entry.Manager != "webhosting-operator" || entry.Subresource != "" {
			continue
		}
		Expect(string(entry.Operation)).To(Equal("Apply"))
		set := &fieldpath.Set{}
		Expect(set.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes()))).To(Succeed())
		set.Leaves().Iterate(func(elements fieldpath.Path) {
			p := path(elements.Copy())
			owned, found := p.find(object.Object)
			Expect(found).To(BeTrue(), p.String())
			fields = append(fields, takeApart(p, owned)...)
		})
	}
	return fields
}

func takeApart(p path, owned any) []ownedField {
	var fields []ownedField
	switch owned := owned.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(owned)) {
			fields = append(fields, takeApart(p.with(fieldpath.PathElement{FieldName: &key}), owned[key])...)
		}
	case []any:
		for i := range owned {
			fields = append(fields, takeApart(p.with(fieldpath.PathElement{Index: &i}), owned[i])...)
		}
	}
	return append(fields, ownedField{path: p, value: owned})
}

// path leads to a field of an object.
type path fieldpath.Path

func (p path) String() string { return fieldpath.Path(p).String() }

func (p path) with(element fieldpath.PathElement) path { return append(slices.Clone(p), element) }

// find returns the value at the path.
func (p path) find(object any) (any, bool) {
	for _, element := range p {
		key, ok := locate(object, element)
		if !ok {
			return nil, false
		}
		switch container := object.(type) {
		case map[string]any:
			object = container[key.(string)]
		case []any:
			object = container[key.(int)]
		}
	}
	return object, true
}

// locate returns the key or index of an element in a map or list.
func locate(container any, element fieldpath.PathElement) (any, bool) {
	switch container := container.(type) {
	case map[string]any:
		if element.FieldName == nil {
			return nil, false
		}
		_, ok := container[*element.FieldName]
		return *element.FieldName, ok
	case []any:
		for i, item := range container {
			switch {
			case element.Index != nil && *element.Index == i,
				element.Value != nil && value.Equals(*element.Value, value.NewValueInterface(item)),
				element.Key != nil && hasKeys(item, *element.Key):
				return i, true
			}
		}
	}
	return nil, false
}

func hasKeys(item any, keys value.FieldList) bool {
	fields, _ := item.(map[string]any)
	for _, key := range keys {
		if fmt.Sprint(fields[key.Name]) != fmt.Sprint(key.Value.Unstructured()) {
			return false
		}
	}
	return true
}

// mutation returns another value, or nil for none.
type mutation func(any) any

// apply changes the value at the path.
func (p path) apply(object map[string]any, mutate mutation) bool {
	parent, found := p[:len(p)-1].find(object)
	if !found {
		return false
	}
	key, found := locate(parent, p[len(p)-1])
	if !found {
		return false
	}
	switch parent := parent.(type) {
	case map[string]any:
		if changed := mutate(parent[key.(string)]); changed != nil {
			parent[key.(string)] = changed
		} else {
			delete(parent, key.(string))
		}
	case []any:
		if changed := mutate(parent[key.(int)]); changed != nil {
			parent[key.(int)] = changed
			return true
		}
		shorter := slices.Delete(slices.Clone(parent), key.(int), key.(int)+1)
		return p[:len(p)-1].apply(object, func(any) any { return shorter })
	}
	return true
}

// remove is the mutation that removes a value.
func remove(any) any { return nil }

// otherValues returns values to try in place of a value. Which of them make a valid object depends on the field.
func otherValues(v any) []any {
	switch v := v.(type) {
	case string:
		return []any{v + "x", "UDP", "NodePort", "Unconfined", "Exact", "99Mi", "17m", "25%", "99"}
	case int64:
		return []any{v + 1, v * 2}
	case bool:
		return []any{!v}
	case []any:
		return []any{append(slices.Clone(v), v[len(v)-1])}
	case map[string]any:
		more := maps.Clone(v)
		more["extra"] = "x"
		return []any{more}
	default:
		return nil
	}
}
