// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

func TestKeys(t *testing.T) {
	const (
		cat   = `{"apiVersion":"example.com/v1","kind":"Cat","name":"felix","uid":"1","controller":true}`
		breed = `{"apiVersion":"example.com/v1","kind":"Breed","name":"persian","uid":"2","controller":true}`
	)
	for name, test := range map[string]struct {
		question question
		key      string // none: no patch
	}{
		"main object": {
			question{object: `{"metadata":{"name":"felix","namespace":"home"}}`},
			"example.com/Cat/home/felix",
		},
		"named by the request only": {
			question{name: "felix", namespace: "home", object: `{"metadata":{}}`},
			"example.com/Cat/home/felix",
		},
		"update": {
			question{operation: "UPDATE", name: "felix", namespace: "home", object: `{"metadata":{"name":"felix","namespace":"home"}}`},
			"example.com/Cat/home/felix",
		},
		"dry run": {
			question{dryRun: true, object: `{"metadata":{"name":"felix","namespace":"home"}}`},
			"example.com/Cat/home/felix",
		},
		"cluster-scoped": {
			question{group: "example.com", resource: "breeds", name: "persian", object: `{"metadata":{"name":"persian"}}`},
			"example.com/Breed//persian",
		},
		"Namespace, which is in no namespace": {
			question{resource: "namespaces", name: "home", namespace: "home", object: `{"metadata":{"name":"home"}}`},
			"/Namespace//home",
		},
		"controlled by a namespaced object": {
			question{group: "example.com", resource: "bowls", namespace: "home", object: `{"metadata":{"name":"bowl","ownerReferences":[{"apiVersion":"v1","kind":"Cat","name":"tom"},` + cat + `]}}`},
			"example.com/Cat/home/felix",
		},
		"controlled by a cluster-scoped object": {
			question{group: "example.com", resource: "bowls", namespace: "home", object: `{"metadata":{"name":"bowl","ownerReferences":[` + breed + `]}}`},
			"example.com/Breed//persian",
		},
		"controlled, without a name": {
			question{resource: "configmaps", namespace: "home", object: `{"metadata":{"generateName":"toy-","ownerReferences":[` + cat + `]}}`},
			"example.com/Cat/home/felix",
		},
		"controlled by a kind that does not control this resource": {
			question: question{resource: "configmaps", namespace: "home", object: `{"metadata":{"name":"toy","ownerReferences":[` + breed + `]}}`},
		},
		"controlled by a kind of another group": {
			question: question{resource: "configmaps", namespace: "home", object: `{"metadata":{"name":"toy","ownerReferences":[{"apiVersion":"example.org/v1","kind":"Cat","name":"felix","controller":true}]}}`},
		},
		"owned, but not controlled": {
			question: question{resource: "configmaps", namespace: "home", object: `{"metadata":{"name":"toy","ownerReferences":[{"apiVersion":"example.com/v1","kind":"Cat","name":"felix","controller":false}]}}`},
		},
		"owner of a broken apiVersion": {
			question: question{resource: "configmaps", namespace: "home", object: `{"metadata":{"name":"toy","ownerReferences":[{"apiVersion":"example.com/v1/x","kind":"Cat","name":"felix","controller":true}]}}`},
		},
		"controlled, without an owner": {
			question: question{resource: "configmaps", namespace: "home", object: `{"metadata":{"name":"toy","ownerReferences":null}}`},
		},
		"without a name": {
			question: question{namespace: "home", object: `{"metadata":{"generateName":"cat-"}}`},
		},
		"subresource": {
			question: question{group: "example.com", resource: "cats", subresource: "scale", name: "felix", namespace: "home", object: `{"metadata":{"name":"felix"}}`},
		},
		"resource that the ring does not have": {
			question: question{group: "example.com", resource: "dogs", name: "rex", object: `{"metadata":{"name":"rex"}}`},
		},
		"resource of another group": {
			question: question{group: "example.org", resource: "cats", name: "felix", object: `{"metadata":{"name":"felix"}}`},
		},
		"deletion": {
			question: question{operation: "DELETE", name: "felix", namespace: "home", object: `null`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			response := ask(t, cats(threeShards), post(catsPath, test.question.body()))
			g.Expect(string(response.UID)).To(Equal("uid-1"))
			if test.key == "" {
				g.Expect(response.Patch).To(BeNil())
				return
			}
			g.Expect(patched(t, []byte(test.question.object), response.Patch)).To(HaveKeyWithValue(labelShard, ownerOf(test.key)))
		})
	}
}

func TestLabels(t *testing.T) {
	one := map[string]lease.State{"a": lease.Ready}
	for name, test := range map[string]struct {
		shards map[string]lease.State
		labels string            // a member of the metadata
		want   map[string]string // nil: no patch
	}{
		"absent":  {one, `"x":1`, map[string]string{labelShard: "a"}},
		"null":    {one, `"labels":null`, map[string]string{labelShard: "a"}},
		"empty":   {one, `"labels":{}`, map[string]string{labelShard: "a"}},
		"others":  {one, `"labels":{"mood":"good"}`, map[string]string{labelShard: "a", "mood": "good"}},
		"of dogs": {one, `"labels":{"shard.alpha.sharding.timebertt.dev/dogs":"b"}`, map[string]string{labelShard: "a", "shard.alpha.sharding.timebertt.dev/dogs": "b"}},
		"stray drain label": {
			one, `"labels":{"mood":"good","drain.alpha.sharding.timebertt.dev/cats":""}`,
			map[string]string{labelShard: "a", "mood": "good"},
		},
		"stray drain label, escaped": {
			one, `"\u006cabels":{"\u0064rain.alpha.sharding.timebertt.dev\/cats":"true"}`,
			map[string]string{labelShard: "a"},
		},
		"shard label":                           {one, `"labels":{"shard.alpha.sharding.timebertt.dev/cats":"a"}`, nil},
		"shard label, escaped":                  {one, `"labels":{"sh\u0061rd.alpha.sharding.timebertt.dev\/cats":"a"}`, nil},
		"shard label of a shard that is gone":   {one, `"labels":{"shard.alpha.sharding.timebertt.dev/cats":"gone"}`, nil},
		"empty shard label":                     {one, `"labels":{"shard.alpha.sharding.timebertt.dev/cats":""}`, nil},
		"shard label, and no shard":             {nil, `"labels":{"shard.alpha.sharding.timebertt.dev/cats":"a"}`, nil},
		"no shard":                              {nil, `"labels":{}`, nil},
		"no shard available":                    {map[string]lease.State{"a": lease.Dead}, `"labels":{}`, nil},
		"labels within the spec are no matter":  {one, `"labels":{}},"spec":{"metadata":{"labels":{"shard.alpha.sharding.timebertt.dev/cats":"b"}}`, map[string]string{labelShard: "a"}},
		"a label that only begins like it":      {one, `"labels":{"shard.alpha.sharding.timebertt.dev/cats-and-dogs":"b"}`, map[string]string{labelShard: "a", "shard.alpha.sharding.timebertt.dev/cats-and-dogs": "b"}},
		"labels that are no map are unreadable": {one, `"labels":["shard"]`, nil},
		"label that is no string is unreadable": {one, `"labels":{"mood":1}`, nil},
		"labels twice are unreadable":           {one, `"labels":{"shard.alpha.sharding.timebertt.dev/dogs":"a"},"labels":{"mood":"good"}`, nil},
		"label twice is unreadable":             {one, `"labels":{"drain.alpha.sharding.timebertt.dev/cats":"","drain.alpha.sharding.timebertt.dev/cats":""}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			object := `{"kind":"Cat","metadata":{"name":"felix","namespace":"home",` + test.labels + `}}`
			response := ask(t, cats(test.shards), post(catsPath, question{object: object}.body()))
			g.Expect(string(response.UID)).To(Equal("uid-1"))
			if test.want == nil {
				g.Expect(response.Patch).To(BeNil())
				return
			}
			g.Expect(patched(t, []byte(object), response.Patch)).To(Equal(test.want))
		})
	}
}
