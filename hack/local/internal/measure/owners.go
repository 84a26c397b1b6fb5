// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

// owners returns which of the shards each website belongs to.
func owners(keys, shards []string) map[string]string {
	r := ring.New(shards...)
	right := make(map[string]string, len(keys))
	for _, website := range keys {
		namespace, name := split(website)
		right[website] = r.Lookup(key.Of(schema.GroupKind{Group: group, Kind: "Website"}, namespace, name))
	}
	return right
}

// placed returns the condition that a website is with its right shard, and not about to leave it. Where there are no
// shards, every website is.
func placed(right map[string]string) func(Site) bool {
	return func(site Site) bool {
		if right == nil {
			return true
		}
		return site.Shard != "" && site.Shard == right[site.Key] && !site.Draining
	}
}

// differing returns the keys that have other owners in the two maps. Both have the same keys.
func differing(before, after map[string]string) []string {
	var keys []string
	for key, owner := range before {
		if after[key] != owner {
			keys = append(keys, key)
		}
	}
	return keys
}

// shardsOf returns the shard of each website.
func shardsOf(sites map[string]Site) map[string]string {
	shards := make(map[string]string, len(sites))
	for key, site := range sites {
		shards[key] = site.Shard
	}
	return shards
}

// split returns the namespace and the name that a key is made of.
func split(key string) (namespace, name string) {
	namespace, name, _ = strings.Cut(key, "/")
	return namespace, name
}
