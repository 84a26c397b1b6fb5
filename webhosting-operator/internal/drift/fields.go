// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package drift

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
)

// field is a field of an apply configuration together with the same field of the API type.
type field struct {
	live, desired []int
	// merged holds if server-side apply merges the field's list or map with what others set. If not, the list or map
	// belongs to one owner as a whole.
	merged bool
}

// types are an API type and its apply configuration.
type types struct{ live, desired reflect.Type }

var knownFields sync.Map // from types to []field

// fieldsOf returns the fields of an apply configuration in the order of their declaration. Kind and API version are
// not among them, since objects from a cache do not carry them.
func fieldsOf(live, desired reflect.Type) []field {
	if known, ok := knownFields.Load(types{live, desired}); ok {
		return known.([]field)
	}

	byName := map[string]reflect.StructField{}
	for _, l := range jsonFields(live) {
		byName[jsonName(l)] = l
	}
	var fields []field
	for _, d := range jsonFields(desired) {
		l, ok := byName[jsonName(d)]
		if !ok {
			panic(fmt.Sprintf("drift: %s has no field %q, which %s has", live, jsonName(d), desired))
		}
		fields = append(fields, field{live: l.Index, desired: d.Index, merged: merged(live, l)})
	}
	knownFields.Store(types{live, desired}, fields)
	return fields
}

// jsonFields returns the fields that a struct has in JSON, with those of inlined structs in their place.
func jsonFields(t reflect.Type) []reflect.StructField {
	var fields []reflect.StructField
	for i := range t.NumField() {
		f := t.Field(i)
		switch {
		case f.Type == reflect.TypeFor[metav1ac.TypeMetaApplyConfiguration]() || f.Type == reflect.TypeFor[metav1.TypeMeta]():
		case f.Anonymous && jsonName(f) == "":
			for _, inlined := range jsonFields(f.Type) {
				inlined.Index = append([]int{i}, inlined.Index...)
				fields = append(fields, inlined)
			}
		default:
			fields = append(fields, f)
		}
	}
	return fields
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// merged reads off the API type whether server-side apply merges a list or map. Lists carry the tag of the older
// strategic merge patch, which agrees with the schema in every list that is merged. Maps carry nothing, so those that
// are not merged are named here, as far as the operator sets them.
func merged(parent reflect.Type, f reflect.StructField) bool {
	if f.Type.Kind() == reflect.Map {
		return !(parent == reflect.TypeFor[corev1.ServiceSpec]() && f.Name == "Selector") &&
			!(parent == reflect.TypeFor[metav1.LabelSelector]() && f.Name == "MatchLabels")
	}
	return strings.Contains(f.Tag.Get("patchStrategy"), "merge")
}
