// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package membership

import (
	"cmp"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

// observe brings what was seen up to date with the cache. A lease that vanished while its shard held it, or was fenced,
// is kept until the shard must have noticed, because it may still be running.
func (s *Shards) observe(now time.Time) error {
	leases, err := s.leases.ofRing(s.ring)
	if err != nil {
		return err
	}
	seen := make(map[types.NamespacedName]lease.Observation, len(leases))
	former := map[types.NamespacedName]time.Time{}
	for _, current := range leases {
		name := client.ObjectKeyFromObject(current)
		observation, known := s.seen[name]
		if until := s.former[name]; now.Before(until) {
			former[name] = until
		}
		if known && observation.Lease.UID != current.UID {
			if until, may := mayRunUntil(observation, now); may {
				former[name] = until
			}
		}
		if !known || observation.DeletedHeld || !sameTerm(observation.Lease, current) {
			observation = lease.Observation{SeenAt: now, Arrived: s.seen != nil}
		}
		observation.Lease = current
		seen[name] = observation
	}
	for name, observation := range s.seen {
		if _, exists := seen[name]; exists {
			continue
		}
		if _, may := mayRunUntil(observation, now); may {
			observation.DeletedHeld = true
			seen[name] = observation
		}
	}
	s.seen, s.former = seen, former
	return nil
}

// mayRunUntil reports whether the shard may still run though its lease was deleted, and until when.
func mayRunUntil(observation lease.Observation, now time.Time) (time.Time, bool) {
	observation.DeletedHeld = true
	shard := lease.Evaluate([]lease.Observation{observation}, now, now)[0]
	return shard.Next, shard.State == lease.Fenced
}

// sameTerm reports whether nobody renewed, released or took the lease in between. The sharder labels leases without that.
func sameTerm(before, after *coordinationv1.Lease) bool {
	return before.UID == after.UID && equality.Semantic.DeepEqual(before.Spec, after.Spec)
}

// tellApart returns the observations that count, by the shard's name, those that do not because of an older one, and those
// that do not because of their name.
func (s *Shards) tellApart() (map[string]lease.Observation, []Duplicate, []types.NamespacedName) {
	names := make([]types.NamespacedName, 0, len(s.seen))
	for name := range s.seen {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b types.NamespacedName) int {
		if byAge := s.seen[a].Lease.CreationTimestamp.Compare(s.seen[b].Lease.CreationTimestamp.Time); byAge != 0 {
			return byAge
		}
		return strings.Compare(a.String(), b.String())
	})
	counting := make(map[string]lease.Observation, len(names))
	duplicates, misnamed := []Duplicate{}, []types.NamespacedName{}
	for _, name := range names {
		if lease.ValidateName(name.Name) != nil { // no object can be labelled with it, and nobody's write may fail because of that
			misnamed = append(misnamed, name)
			continue
		}
		if older, taken := counting[name.Name]; taken {
			duplicates = append(duplicates, Duplicate{Shard: name.Name, Namespace: older.Lease.Namespace, Ignored: name.Namespace})
			continue
		}
		counting[name.Name] = s.seen[name]
	}
	slices.SortFunc(duplicates, func(a, b Duplicate) int {
		return cmp.Or(strings.Compare(a.Shard, b.Shard), strings.Compare(a.Ignored, b.Ignored))
	})
	slices.SortFunc(misnamed, func(a, b types.NamespacedName) int { return strings.Compare(a.String(), b.String()) })
	return counting, duplicates, misnamed
}
