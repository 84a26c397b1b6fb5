// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"maps"
	"slices"
	"sync"
	"time"
)

// Site is what the watch tells about a website.
type Site struct {
	// Key is namespace/name.
	Key                  string
	Generation, Observed int64
	Phase                string
	// Shard is empty while the website is not assigned.
	Shard    string
	Draining bool
}

// ready holds if the website serves what its generation asks for.
func (s Site) ready() bool { return s.Phase == "Ready" && s.Observed >= s.Generation }

// Tracker follows websites by the events of a watch. It depends on the order of the events of one website only, never
// on the order among websites. The caller says when an event arrived.
type Tracker struct {
	mutex   sync.Mutex
	records map[string]*record
	goals   map[*Goal]struct{}
	flapped map[string]bool
	changes []*Change
}

type record struct {
	Site
	// handledFor is the highest generation that the operator worked on, and handledAt when that was told; readyFor and
	// readyAt are the same for when the website was Ready.
	handledFor, readyFor int64
	handledAt, readyAt   time.Time
	pending              []*Change
}

// Change is a change that was made to a website.
type Change struct {
	Key        string
	Generation int64
	// Sent is when the request was sent, and Answered when the API server had answered it.
	Sent, Answered time.Time
	// Handled is when it was told that the operator had worked on the change, and Ready when the website was Ready for
	// it; zero until then.
	Handled, Ready time.Time
}

// NewTracker returns a tracker that knows no website yet.
func NewTracker() *Tracker {
	return &Tracker{records: map[string]*record{}, goals: map[*Goal]struct{}{}, flapped: map[string]bool{}}
}

// Observe takes in the state of a website that arrived at the time.
func (t *Tracker) Observe(site Site, at time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	r := t.records[site.Key]
	if r == nil {
		r = &record{}
		t.records[site.Key] = r
	}
	if leftReady(r.Site, site, r.readyFor) {
		t.flapped[site.Key] = true
	}
	r.Site = site
	if site.Observed > r.handledFor {
		r.handledFor, r.handledAt = site.Observed, at
	}
	if site.Phase == "Ready" && site.Observed > r.readyFor {
		r.readyFor, r.readyAt = site.Observed, at
	}
	r.pending = slices.DeleteFunc(r.pending, r.resolve)
	for goal := range t.goals {
		goal.observe(site, at)
	}
}

// leftReady holds if a website stopped being Ready though nobody changed it since it was Ready last.
func leftReady(before, now Site, readyFor int64) bool {
	return before.Phase == "Ready" && now.Phase != "Ready" && now.Phase != "Terminating" && now.Generation == readyFor
}

// Forget takes in that a website is gone.
func (t *Tracker) Forget(key string, at time.Time) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.records, key)
	for goal := range t.goals {
		goal.observe(Site{Key: key}, at)
	}
}

// Expect takes in that a website was changed. The watch may have told about it before.
func (t *Tracker) Expect(change Change) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.changes = append(t.changes, &change)
	r := t.records[change.Key]
	if r != nil && !r.resolve(&change) {
		r.pending = append(r.pending, &change)
	}
}

// resolve notes how far the change has come, and returns whether it is Ready.
func (r *record) resolve(change *Change) bool {
	if change.Handled.IsZero() && r.handledFor >= change.Generation {
		change.Handled = r.handledAt
	}
	if r.readyFor < change.Generation {
		return false
	}
	change.Ready = r.readyAt
	return true
}

// Reset forgets the changes and flaps that were seen so far.
func (t *Tracker) Reset() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.changes = nil
	clear(t.flapped)
	for _, r := range t.records {
		r.pending = nil
	}
}

// Sites returns a copy of all websites.
func (t *Tracker) Sites() map[string]Site {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	sites := make(map[string]Site, len(t.records))
	for key, r := range t.records {
		sites[key] = r.Site
	}
	return sites
}

// Flapped returns the websites that stopped being Ready since the last Reset though nobody had changed them since they
// were Ready last.
func (t *Tracker) Flapped() []string {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return slices.Sorted(maps.Keys(t.flapped))
}

// Changes returns a copy of the changes since the last Reset, in the order in which they were told.
func (t *Tracker) Changes() []Change {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	changes := make([]Change, 0, len(t.changes))
	for _, change := range t.changes {
		changes = append(changes, *change)
	}
	return changes
}
