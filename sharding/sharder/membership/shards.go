// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package membership knows who is there: the shards of rings, by their leases. It only reads.
package membership

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// Shards knows the shards of one ring by their leases. It looks at all of them together, whenever one of them changes
// and whenever time alone changes a state. It writes nothing, so every replica of a sharder runs it; the one that leads
// acts on what it finds.
type Shards struct {
	ring    string
	clock   clock.Clock
	contact *Contact
	leases  leaseReader
	members *members

	seen map[types.NamespacedName]lease.Observation
	// former is until when a process may run whose lease was deleted while it held it, and made again by another process.
	former     map[types.NamespacedName]time.Time
	duplicates atomic.Pointer[[]Duplicate]
	misnamed   atomic.Pointer[[]types.NamespacedName]
	synced     atomic.Bool

	nobody   *plan.Membership
	shortest atomic.Int64 // of the durations of the leases that are held

	mu       sync.Mutex
	observed []Observed
	watchers map[*func()]struct{}
}

// Duplicate is a lease that counts for nothing, because an older one in another namespace has the same name.
type Duplicate struct {
	Shard string
	// Namespace is where the lease is that counts.
	Namespace string
	// Ignored is where the lease is that does not. Its shard is none.
	Ignored string
}

// Observed is a shard, and the lease that it was found by.
type Observed struct {
	lease.Shard
	// Lease is the cache's: not to be changed.
	Lease *coordinationv1.Lease
	// Deleted says that the lease is not there any more.
	Deleted bool
	// Contested says that another process of the shard's name may still run: its lease was deleted while it held it.
	Contested bool
}

// leaseReader is Leases for its readers.
type leaseReader interface {
	hasSynced() bool
	ofRing(ring string) ([]*coordinationv1.Lease, error)
	follow(ring string, changed func()) (stop func())
}

// NewShards returns the shards of a ring. They are none until Start has run for a moment.
func NewShards(ring string, clock clock.Clock, contact *Contact, leases *Leases) *Shards {
	return newShards(ring, clock, contact, leases)
}

func newShards(ring string, clock clock.Clock, contact *Contact, leases leaseReader) *Shards {
	s := &Shards{
		ring: ring, clock: clock, contact: contact, leases: leases, members: newMembers(ring), nobody: plan.NewMembership(ring, nil),
		watchers: map[*func()]struct{}{},
	}
	s.duplicates.Store(&[]Duplicate{})
	s.misnamed.Store(&[]types.NamespacedName{})
	return s
}

// Membership returns the ring's current membership, which is never nil. It is free, and safe for concurrent use.
func (s *Shards) Membership() *plan.Membership { return s.members.load() }

// MembershipInContact is Membership for who is not told when a decision was wrong, as the webhook. It has no shard when
// the API server was not heard of for longer than a lease lasts: the shards that are known may all be gone by then.
func (s *Shards) MembershipInContact() *plan.Membership {
	if shortest := time.Duration(s.shortest.Load()); shortest > 0 && s.clock.Since(s.contact.at()) > shortest {
		return s.nobody
	}
	return s.members.load()
}

// Misnamed returns the leases that are ignored because no shard can have their name, sorted. It is free, and safe for
// concurrent use.
func (s *Shards) Misnamed() []types.NamespacedName { return *s.misnamed.Load() }

// Duplicates returns the leases that are ignored because of an older one, sorted. It is free, and safe for concurrent use.
func (s *Shards) Duplicates() []Duplicate { return *s.duplicates.Load() }

// Synced reports whether the leases are known. Before, the ring has no shards for all that is known.
func (s *Shards) Synced() bool { return s.synced.Load() }

// Watch calls the function after each look at the leases, whether it found a change or not, until stop is called. The
// function must not block.
func (s *Shards) Watch(looked func()) (stop func()) {
	watcher := &looked
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers[watcher] = struct{}{}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, watcher)
	}
}

// NeedLeaderElection is false: every replica knows the shards.
func (s *Shards) NeedLeaderElection() bool { return false }

// Start keeps the membership up to date until the context ends.
func (s *Shards) Start(ctx context.Context) error {
	changed := make(chan struct{}, 1)
	stop := s.leases.follow(s.ring, func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer stop()
	if !toolscache.WaitForCacheSync(ctx.Done(), s.leases.hasSynced) {
		return nil
	}

	for {
		next, err := s.look()
		if err != nil {
			return err
		}
		var alarm <-chan time.Time
		var timer clock.Timer
		if !next.IsZero() {
			timer = s.clock.NewTimer(max(next.Sub(s.clock.Now()), time.Millisecond))
			alarm = timer.C()
		}
		select {
		case <-ctx.Done():
		case <-changed:
		case <-alarm:
		}
		if timer != nil {
			timer.Stop()
		}
		if ctx.Err() != nil {
			return nil
		}
	}
}

// look evaluates the leases as they are now. It returns when the next state changes by the passing of time alone, or the
// zero time.
func (s *Shards) look() (time.Time, error) {
	now := s.clock.Now()
	if err := s.observe(now); err != nil {
		return time.Time{}, err
	}
	counting, duplicates, misnamed := s.tellApart()
	observations := make([]lease.Observation, 0, len(counting))
	var shortest time.Duration
	for _, observation := range counting {
		observations = append(observations, observation)
		if duration := lease.Duration(observation.Lease); lease.HeldByShard(observation.Lease) && (shortest == 0 || duration < shortest) {
			shortest = duration
		}
	}
	shards := lease.Evaluate(observations, now, s.contact.at())

	var next time.Time
	sooner := func(at time.Time) {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	observed := make([]Observed, 0, len(shards))
	for _, shard := range shards {
		observation := counting[shard.Name]
		until, contested := s.former[client.ObjectKeyFromObject(observation.Lease)]
		observed = append(observed, Observed{Shard: shard, Lease: observation.Lease, Deleted: observation.DeletedHeld, Contested: contested})
		sooner(shard.Next)
		sooner(until)
	}
	s.duplicates.Store(&duplicates)
	s.misnamed.Store(&misnamed)
	s.shortest.Store(int64(shortest))
	s.members.publish(shards)
	s.synced.Store(true)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.observed = observed
	for watcher := range s.watchers {
		(*watcher)()
	}
	return next, nil
}

// Follow calls the function at once with the change that led from an unknown ring to the current membership, and again
// after each change, until stop is called. The function must not block.
func (s *Shards) Follow(changed func(Change)) (stop func()) { return s.members.follow(changed) }

// Observed returns what the last look found.
func (s *Shards) Observed() []Observed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.observed
}

// LeaseOf returns the lease of the shard of that name.
func (s *Shards) LeaseOf(name string) (types.NamespacedName, bool) {
	for _, shard := range s.Observed() {
		if shard.Name == name {
			return client.ObjectKeyFromObject(shard.Lease), true
		}
	}
	return types.NamespacedName{}, false
}
