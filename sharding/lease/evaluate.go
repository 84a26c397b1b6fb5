// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package lease

import (
	"cmp"
	"slices"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

const (
	// DefaultDuration stands in for the duration of a lease that does not say one.
	DefaultDuration = 15 * time.Second

	// ShortGrace is how long a shard may be expired before its lease is acquired, if it alone went silent.
	ShortGrace = time.Second

	// ContactLost is how long the sharder may go without an answer from the API server before it takes expired leases
	// for the API server's fault and not for the shards'.
	ContactLost = 5 * time.Second

	// OrphanedAfter is how long a dead shard's lease is kept.
	OrphanedAfter = time.Minute
)

// Observation is one lease as the sharder saw it.
type Observation struct {
	Lease *coordinationv1.Lease

	// SeenAt is when the sharder first saw the lease as its holder last wrote it.
	SeenAt time.Time

	// Arrived says that the sharder was watching when the lease was written, so that it was written at SeenAt, whatever
	// the holder's clock says. Otherwise the lease was there when the sharder first looked: then there is only the
	// holder's word for when it was written, which is taken, unless it lies in the future.
	Arrived bool

	// DeletedHeld says that the lease was deleted while its shard held it. The shard may not have noticed, so it is
	// fenced until the lease would have expired.
	DeletedHeld bool
}

// Shard is one shard of a ring and the state that it is in.
type Shard struct {
	Name  string
	State State

	// Next is when the state changes by the passing of time alone. It is zero if it does not.
	Next time.Time
}

// Evaluate returns the shards of one ring, sorted by name, in the state that their leases put them in at the given
// time. The last contact is when the API server last answered the sharder.
//
// A shard that alone went silent has probably crashed, and is given only ShortGrace. When many leases expire together,
// or the sharder itself had no contact, the API server is the likelier culprit: each shard is then given the duration
// of its lease once more, so that a hiccup of the API server does not tear down all shards.
//
// A lease that was there when the sharder first looked is not acquired before the sharder has watched it, unrenewed, for
// a third of its duration: the shard may be alive, with a clock that is behind.
func Evaluate(observations []Observation, now, lastContact time.Time) []Shard {
	calm := now.Sub(lastContact) > ContactLost || expiredTogether(observations, now)

	shards := make([]Shard, 0, len(observations))
	for _, o := range observations {
		shards = append(shards, o.evaluate(now, calm))
	}
	slices.SortFunc(shards, func(a, b Shard) int { return cmp.Compare(a.Name, b.Name) })
	return shards
}

// HeldByShard reports whether the lease is held by the shard that it is named after.
func HeldByShard(lease *coordinationv1.Lease) bool {
	return lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity == lease.Name
}

// Duration returns how long the lease is valid after each renewal.
func Duration(lease *coordinationv1.Lease) time.Duration {
	if seconds := lease.Spec.LeaseDurationSeconds; seconds != nil && *seconds > 0 {
		return time.Duration(*seconds) * time.Second
	}
	return DefaultDuration
}

func (o Observation) evaluate(now time.Time, calm bool) Shard {
	shard := Shard{Name: o.Lease.Name}
	steps := o.deadSteps()
	if HeldByShard(o.Lease) {
		steps = o.heldSteps(calm)
	}
	for _, step := range steps {
		shard.State = step.state
		if now.Before(step.until) {
			shard.Next = step.until
			break
		}
	}
	return shard
}

// step is a state that lasts until a time; the last step of a sequence lasts for ever.
type step struct {
	state State
	until time.Time
}

func (o Observation) heldSteps(calm bool) []step {
	expiry := o.expiry()
	if o.DeletedHeld {
		return []step{{Fenced, expiry}, {state: Dead}}
	}
	grace := ShortGrace
	if calm {
		grace = Duration(o.Lease)
	}
	uncertain := expiry.Add(grace)
	if watched := o.SeenAt.Add(Duration(o.Lease) / 3); !o.Arrived && watched.After(uncertain) {
		uncertain = watched
	}
	return []step{{Ready, expiry}, {Expired, uncertain}, {state: Uncertain}}
}

func (o Observation) deadSteps() []step {
	return []step{{Fenced, o.fencedUntil()}, {Dead, o.written().Add(OrphanedAfter)}, {state: Orphaned}}
}

// expiry is when a held lease expires. A lease that lacks the means to tell is expired from the moment it was seen.
func (o Observation) expiry() time.Time {
	if o.Lease.Spec.RenewTime == nil || o.Lease.Spec.LeaseDurationSeconds == nil || *o.Lease.Spec.LeaseDurationSeconds <= 0 {
		return o.SeenAt
	}
	if o.Arrived || o.DeletedHeld { // nobody is asked before what is deleted counts as dead, so there is no risk to take
		return o.SeenAt.Add(Duration(o.Lease))
	}
	return o.written().Add(Duration(o.Lease))
}

// written is when the lease was last written according to its holder: not after it was seen, whatever the holder's clock
// says.
func (o Observation) written() time.Time {
	if renewTime := o.Lease.Spec.RenewTime; renewTime != nil && renewTime.Time.Before(o.SeenAt) {
		return renewTime.Time
	}
	return o.SeenAt
}

// fencedUntil is zero unless the sharder acquired the lease of a live shard. Both times on the lease are by the clock of the
// sharder that wrote them, so only what lies between them is used.
func (o Observation) fencedUntil() time.Time {
	until, err := time.Parse(time.RFC3339Nano, o.Lease.Annotations[shardingv1alpha1.AnnotationFencedUntil])
	if err != nil || o.Lease.Spec.RenewTime == nil {
		return until
	}
	return o.SeenAt.Add(until.Sub(o.Lease.Spec.RenewTime.Time))
}

// expiredTogether reports whether half or more of the held leases are expired; in a ring of one or two, all of them.
func expiredTogether(observations []Observation, now time.Time) bool {
	var held, expired int
	for _, o := range observations {
		if !HeldByShard(o.Lease) || o.DeletedHeld {
			continue
		}
		held++
		if !now.Before(o.expiry()) {
			expired++
		}
	}
	if held <= 2 {
		return held > 0 && expired == held
	}
	return 2*expired >= held
}
