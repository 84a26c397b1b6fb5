// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package drift tells whether an object in the cluster still is what a server-side apply made it, without asking the
// API server.
//
// Two questions have to be answered. Holds says whether a live object has every field of an apply configuration;
// fields that the configuration leaves open are ignored, so neither the API server's defaults nor what others add to
// the object count. Checksum, kept on the object, says whether it was the same configuration that was applied last: a
// field that was dropped from the configuration since, which Holds cannot see, changes the checksum.
//
// The package is not a differ: it answers yes or no, fast, since it is asked in every reconcile.
package drift

import (
	"reflect"

	"k8s.io/apimachinery/pkg/api/equality"
)

// Holds says whether live, a pointer to an API object, has every field that desired, a pointer to an apply
// configuration of the same kind, sets. Kind and API version are not compared. The lists and maps that server-side
// apply merges may hold more than desired, all others may not.
//
// It panics if desired sets a field that live's type does not have, that is, if their kinds differ.
func Holds(live, desired any) bool {
	return holds(reflect.ValueOf(live), reflect.ValueOf(desired), field{})
}

func holds(live, desired reflect.Value, f field) bool {
	if unset(desired) {
		return true
	}
	if desired.Kind() == reflect.Pointer {
		desired = desired.Elem()
	}
	if live.Kind() == reflect.Pointer {
		if live.IsNil() {
			return false
		}
		live = live.Elem()
	}

	switch desired.Kind() {
	case reflect.Struct:
		return holdsStruct(live, desired)
	case reflect.Slice:
		return holdsSlice(live, desired, f)
	case reflect.Map:
		return holdsMap(live, desired, f)
	case reflect.String:
		return live.String() == desired.String()
	case reflect.Bool:
		return live.Bool() == desired.Bool()
	default:
		return live.Equal(desired.Convert(live.Type()))
	}
}

// unset says whether an apply configuration leaves a field open. An empty list or map cannot be told from none there.
func unset(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil()
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	default:
		return false
	}
}

func holdsStruct(live, desired reflect.Value) bool {
	if live.Type() == desired.Type() {
		// Not an apply configuration but a value of its own, such as a quantity.
		return equality.Semantic.DeepEqual(live.Interface(), desired.Interface())
	}
	for _, f := range fieldsOf(live.Type(), desired.Type()) {
		d := desired.FieldByIndex(f.desired)
		if !unset(d) && !holds(live.FieldByIndex(f.live), d, f) {
			return false
		}
	}
	return true
}

func holdsSlice(live, desired reflect.Value, f field) bool {
	if f.merged {
		for i := range desired.Len() {
			if !anyHolds(live, desired.Index(i)) {
				return false
			}
		}
		return true
	}
	if live.Len() != desired.Len() {
		return false
	}
	for i := range desired.Len() {
		if !holds(live.Index(i), desired.Index(i), field{}) {
			return false
		}
	}
	return true
}

// anyHolds says whether an element of live has everything that desired sets. An element sets the keys of its list, so
// only the element with the same keys can.
func anyHolds(live, desired reflect.Value) bool {
	for i := range live.Len() {
		if holds(live.Index(i), desired, field{}) {
			return true
		}
	}
	return false
}

func holdsMap(live, desired reflect.Value, f field) bool {
	if !f.merged && live.Len() != desired.Len() {
		return false
	}
	if d, ok := reflect.TypeAssert[map[string]string](desired); ok {
		// Nearly all maps are of this type, and this way needs no allocation.
		l, ok := reflect.TypeAssert[map[string]string](live)
		if !ok {
			return false
		}
		for key, value := range d {
			if found, ok := l[key]; !ok || found != value {
				return false
			}
		}
		return true
	}
	for entries := desired.MapRange(); entries.Next(); {
		found := live.MapIndex(entries.Key())
		if !found.IsValid() || !holds(found, entries.Value(), field{}) {
			return false
		}
	}
	return true
}
