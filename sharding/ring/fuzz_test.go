// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ring_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

// The shards of the fuzz targets are given in one string, separated by commas.

func FuzzRingLookupIsMember(f *testing.F) {
	f.Add("a,b,c", "key")
	f.Add("", "key")
	f.Add("shard-1,shard-11,shard-1", "")
	f.Fuzz(func(t *testing.T, shards, key string) {
		r := ring.New(strings.Split(shards, ",")...)
		got := r.Lookup(key)
		if r.Len() == 0 && got != "" {
			t.Fatalf("an empty ring gave %q to %q", key, got)
		}
		if r.Len() > 0 && !slices.Contains(r.Shards(), got) {
			t.Fatalf("%q belongs to %q, which is none of %q", key, got, r.Shards())
		}
	})
}

func FuzzRingOrderIndependence(f *testing.F) {
	f.Add("a,b,c", "key")
	f.Add("shard-1,shard-11,shard-1", "webhosting.timebertt.dev/Website/project-0/website-1")
	f.Fuzz(func(t *testing.T, shards, key string) {
		names := strings.Split(shards, ",")
		want := ring.New(names...).Lookup(key)

		slices.Reverse(names)
		if got := ring.New(names...).Lookup(key); got != want {
			t.Fatalf("%q belongs to %q, in reverse order to %q", key, want, got)
		}
		slices.Sort(names)
		if got := ring.New(append(names, names...)...).Lookup(key); got != want {
			t.Fatalf("%q belongs to %q, with duplicates to %q", key, want, got)
		}
	})
}

func FuzzRingJoinMovesOnlyToTheJoiningShard(f *testing.F) {
	f.Add("a,b,c", "d", "key")
	f.Add("", "a", "key")
	f.Add("shard-1,shard-2", "shard-11", "webhosting.timebertt.dev/Website/project-0/website-1")
	f.Fuzz(func(t *testing.T, shards, joining, key string) {
		names := strings.Split(shards, ",")
		before := ring.New(names...).Lookup(key)
		after := ring.New(append(names, joining)...).Lookup(key)
		if after != before && after != joining {
			t.Fatalf("%q moved from %q to %q when %q joined", key, before, after, joining)
		}
	})
}
