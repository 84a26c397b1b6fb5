// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package observe looks at the websites from outside the operator, by a watch of its own, and takes the times that pass
// from a change until its consequences are seen.
package observe

import (
	"maps"
	"sync"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

// Site is what the watch tells about a website.
type Site struct {
	// Key is namespace/name.
	Key string
	// Generation is the one of the website, Observed the one that the operator worked on last.
	Generation, Observed int64
	// Ready holds in phase Ready.
	Ready bool
	// Shard is empty while the website is not assigned.
	Shard string
}

func (s Site) current() bool { return s.Ready && s.Observed >= s.Generation }

// Change is a change of a website, or its creation, to which the API server agreed.
type Change struct {
	Key string
	// Generation is the one that the website has since.
	Generation int64
	// Sent is when the request was sent.
	Sent time.Time
}

// Tracker follows websites by the events of a watch. It depends on the order of the events of one website only, never
// on the order among websites, nor on whether a change is told before or after the watch shows it. The caller says when
// an event arrived.
type Tracker struct {
	took func(measure result.Measure, seconds float64)

	mutex   sync.Mutex
	records map[string]*record
	shards  map[string]int
	ready   int
	// open counts the changes that are not Ready yet, and those that the operator has not worked on yet.
	open, unhandled, uncreated int
	// sharded holds once a website has been seen with a shard.
	sharded bool
}

// record is what is known about one website. It may be there before the watch shows the website.
type record struct {
	Site
	seen bool
	// handledFor is the highest generation that the operator worked on, and handledAt when that was seen first; readyFor
	// and readyAt are the same for when the website was Ready.
	handledFor, readyFor int64
	handledAt, readyAt   time.Time
	// assignedAt is when the website was first seen with a shard, unassignedAt since when it has none.
	assignedAt, unassignedAt time.Time
	pending                  []pending
}

type pending struct {
	Change
	handled bool
}

// NewTracker returns a tracker that tells each time that something took, once it is over.
func NewTracker(took func(measure result.Measure, seconds float64)) *Tracker {
	return &Tracker{took: took, records: map[string]*record{}, shards: map[string]int{}}
}

func (t *Tracker) record(key string) *record {
	r := t.records[key]
	if r == nil {
		r = &record{}
		t.records[key] = r
	}
	return r
}

// Expect takes in that a website was changed or created. The watch may have shown it before, but not its deletion.
func (t *Tracker) Expect(change Change) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	r := t.record(change.Key)
	t.open++
	t.unhandled++
	if change.Generation == 1 {
		t.uncreated++
	}
	r.pending = append(r.pending, pending{Change: change})
	t.resolve(r)
}

// Observe takes in the state of a website that arrived at the time.
func (t *Tracker) Observe(site Site, at time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	r := t.record(site.Key)
	t.count(r, -1)
	t.assignment(r, site, at)
	if site.Observed > r.handledFor {
		if r.handledFor == 0 && !r.assignedAt.IsZero() {
			t.took(result.AssignedToReconciled, at.Sub(r.assignedAt).Seconds())
		}
		r.handledFor, r.handledAt = site.Observed, at
	}
	if site.Ready && site.Observed > r.readyFor {
		r.readyFor, r.readyAt = site.Observed, at
	}
	r.Site, r.seen = site, true
	t.count(r, +1)
	t.resolve(r)
}

// assignment takes the times without a shard.
func (t *Tracker) assignment(r *record, site Site, at time.Time) {
	if site.Shard != "" {
		t.sharded = true
	}
	switch {
	case site.Shard == "" && (!r.seen || r.Shard != ""):
		r.unassignedAt = at
	case site.Shard != "" && !r.seen:
		t.took(result.Unassigned, 0)
	case site.Shard != "" && r.Shard == "":
		t.took(result.Unassigned, at.Sub(r.unassignedAt).Seconds())
	}
	if site.Shard != "" && r.assignedAt.IsZero() {
		r.assignedAt = at
	}
}

// Forget takes in that a website is gone. Nobody waits for its changes any more.
func (t *Tracker) Forget(key string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	r := t.records[key]
	if r == nil {
		return
	}
	t.count(r, -1)
	for _, change := range r.pending {
		t.close(change)
	}
	delete(t.records, key)
}

// resolve tells the times of those changes that have come somewhere.
func (t *Tracker) resolve(r *record) {
	rest := r.pending[:0]
	for _, change := range r.pending {
		if !change.handled && r.handledFor >= change.Generation {
			change.handled = true
			t.unhandled--
			t.took(result.ChangeToHandled, r.handledAt.Sub(change.Sent).Seconds())
		}
		if r.readyFor < change.Generation {
			rest = append(rest, change)
			continue
		}
		seconds := r.readyAt.Sub(change.Sent).Seconds()
		t.took(result.ChangeToReady, seconds)
		if change.Generation == 1 {
			t.took(result.CreateToReady, seconds)
		}
		t.close(change)
	}
	r.pending = rest
}

func (t *Tracker) close(change pending) {
	t.open--
	if !change.handled {
		t.unhandled--
	}
	if change.Generation == 1 {
		t.uncreated--
	}
}

func (t *Tracker) count(r *record, by int) {
	if !r.seen {
		return
	}
	t.shards[r.Shard] += by
	if t.shards[r.Shard] == 0 && r.Shard == "" {
		delete(t.shards, "")
	}
	if r.current() {
		t.ready += by
	}
}

// Websites returns how many websites there are by shard, under the empty name those without a shard, and how many are
// Ready for their generation. A shard that had websites once stays in it.
func (t *Tracker) Websites() (byShard map[string]int, ready int) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return maps.Clone(t.shards), t.ready
}

// Unfinished returns how many have not come to an end, by measure.
func (t *Tracker) Unfinished() map[result.Measure]int {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	unassigned := 0
	if t.sharded {
		unassigned = t.shards[""]
	}
	assigned := 0
	for _, r := range t.records {
		if !r.assignedAt.IsZero() && r.handledFor == 0 {
			assigned++
		}
	}
	return map[result.Measure]int{
		result.ChangeToReady:        t.open,
		result.CreateToReady:        t.uncreated,
		result.ChangeToHandled:      t.unhandled,
		result.AssignedToReconciled: assigned,
		result.Unassigned:           unassigned,
	}
}
