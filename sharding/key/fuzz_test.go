// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package key_test

import (
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
)

func FuzzDistinctObjectsHaveDistinctKeys(f *testing.F) {
	f.Add("webhosting.timebertt.dev", "Website", "project-1", "website-1", "webhosting.timebertt.dev", "Website", "project-11", "website-")
	f.Add("", "ConfigMap", "default", "a", "", "ConfigMap", "", "a")
	f.Add("apps", "Deployment", "", "a", "", "Deployment", "apps", "a")
	f.Fuzz(func(t *testing.T, group1, kind1, namespace1, name1, group2, kind2, namespace2, name2 string) {
		one := [4]string{group1, kind1, namespace1, name1}
		two := [4]string{group2, kind2, namespace2, name2}
		for _, segment := range append(one[:], two[:]...) {
			if strings.Contains(segment, "/") {
				return // no such object exists
			}
		}

		key1 := key.Of(schema.GroupKind{Group: group1, Kind: kind1}, namespace1, name1)
		key2 := key.Of(schema.GroupKind{Group: group2, Kind: kind2}, namespace2, name2)
		if (key1 == key2) != (one == two) {
			t.Fatalf("%q has the key %q, %q has the key %q", one, key1, two, key2)
		}
	})
}

func FuzzForController(f *testing.F) {
	f.Add("webhosting.timebertt.dev/v1alpha1", "Website", "website-1", "project-1", true)
	f.Add("v1", "ReplicationController", "a", "default", true)
	f.Add("a/b/c", "Website", "a", "default", true)
	f.Add("", "", "", "", false)
	f.Fuzz(func(t *testing.T, apiVersion, kind, name, namespace string, controller bool) {
		obj := &metav1.ObjectMeta{Namespace: namespace, OwnerReferences: []metav1.OwnerReference{
			{APIVersion: apiVersion, Kind: kind, Name: name, Controller: &controller},
		}}

		got, ok := key.ForController(obj, key.Namespaced)
		if ok != (got != "") {
			t.Fatalf("got the key %q and %t", got, ok)
		}
		if ok && !controller {
			t.Fatal("an owner that is no controller gave a key")
		}
		if ok && !strings.HasSuffix(got, "/"+kind+"/"+namespace+"/"+name) {
			t.Fatalf("the key %q names another object", got)
		}
	})
}
