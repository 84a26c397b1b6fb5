// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package membership knows who is there: the shards of rings, by their leases. It only reads.
package membership

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/apimachinery/pkg/api/equality"
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

	seen       map[types.NamespacedName]lease.Observation
	duplicates atomic.Pointer[[]Duplicate]
	synced     atomic.Bool

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
	s := &Shards{ring: ring, clock: clock, contact: contact, leases: leases, members: newMembers(ring), watchers: map[*func()]struct{}{}}
	s.duplicates.Store(&[]Duplicate{})
	return s
}

// Membership returns the ring's current membership, which is never nil. It is free, and safe for concurrent use.
func (s *Shards) Membership() *plan.Membership { return s.members.load() }

// Duplicates returns the leases that are ignored, sorted. It is free, and safe for concurrent use.
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
	counting, duplicates := s.tellApart()
	observations := make([]lease.Observation, 0, len(counting))
	for _, observation := range counting {
		observations = append(observations, observation)
	}
	shards := lease.Evaluate(observations, now, s.contact.at())

	var next time.Time
	observed := make([]Observed, 0, len(shards))
	for _, shard := range shards {
		observation := counting[shard.Name]
		observed = append(observed, Observed{Shard: shard, Lease: observation.Lease, Deleted: observation.DeletedHeld})
		if !shard.Next.IsZero() && (next.IsZero() || shard.Next.Before(next)) {
			next = shard.Next
		}
	}
	s.duplicates.Store(&duplicates)
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

// observe brings what was seen up to date with the cache. A lease that vanished while its shard held it, or was fenced,
// is kept until the shard must have noticed, because it may still be running.
func (s *Shards) observe(now time.Time) error {
	leases, err := s.leases.ofRing(s.ring)
	if err != nil {
		return err
	}
	seen := make(map[types.NamespacedName]lease.Observation, len(leases))
	for _, current := range leases {
		name := client.ObjectKeyFromObject(current)
		observation, known := s.seen[name]
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
		observation.DeletedHeld = true
		if lease.Evaluate([]lease.Observation{observation}, now, now)[0].State == lease.Fenced {
			seen[name] = observation
		}
	}
	s.seen = seen
	return nil
}

// sameTerm reports whether nobody renewed, released or took the lease in between. The sharder labels leases without that.
func sameTerm(before, after *coordinationv1.Lease) bool {
	return before.UID == after.UID && equality.Semantic.DeepEqual(before.Spec, after.Spec)
}

// tellApart returns the observations that count, by the shard's name, and those that do not because of an older one.
func (s *Shards) tellApart() (map[string]lease.Observation, []Duplicate) {
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
	duplicates := []Duplicate{}
	for _, name := range names {
		if older, taken := counting[name.Name]; taken {
			duplicates = append(duplicates, Duplicate{Shard: name.Name, Namespace: older.Lease.Namespace, Ignored: name.Namespace})
			continue
		}
		counting[name.Name] = s.seen[name]
	}
	slices.SortFunc(duplicates, func(a, b Duplicate) int {
		return cmp.Or(strings.Compare(a.Shard, b.Shard), strings.Compare(a.Ignored, b.Ignored))
	})
	return counting, duplicates
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
