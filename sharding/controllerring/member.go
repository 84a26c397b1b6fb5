// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/types"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/lead"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/membership"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// member is a ring in this process, from when it was first seen until it is deleted.
type member struct {
	shards    *membership.Shards
	admission atomic.Pointer[admission.Ring]
	cancel    context.CancelFunc
	ended     chan struct{}
	log       logr.Logger

	steering sync.Mutex // of what follows; held while a leading sharder ends
	lead     *leading   // nil unless this process leads
	left     bool

	mu       sync.Mutex
	problems []scope.Problem
}

// view is what the status says about shards.
type view struct {
	shards, available int
	duplicates        []membership.Duplicate
	misnamed          []types.NamespacedName
}

// join begins to look at the shards of a ring, until leave. It calls changed when the view does.
func join(ctx context.Context, environment *lead.Environment, ring string, changed func()) *member {
	m := &member{shards: environment.Shards(ring), ended: make(chan struct{}), log: logr.FromContextOrDiscard(ctx)}
	m.admission.Store(&admission.Ring{Name: ring, Membership: m.shards.MembershipInContact})

	var last *view
	stop := m.shards.Watch(func() { // called by one goroutine, after each look, of which most find nothing new
		if now := m.view(); last == nil || !now.equal(*last) {
			last = &now
			changed()
		}
	})
	ctx, m.cancel = context.WithCancel(ctx)
	go func() {
		defer close(m.ended)
		defer stop()
		if err := m.shards.Start(ctx); err != nil {
			m.log.Error(err, "The shards of the ring are not looked at any more")
		}
	}()
	return m
}

// leave ends all that runs for the ring, and waits for it.
func (m *member) leave() {
	m.steering.Lock()
	defer m.steering.Unlock()
	m.left = true
	m.lead.end()
	m.cancel()
	<-m.ended
}

func (m *member) view() view {
	membership := m.shards.Membership()
	return view{
		shards: len(membership.Known()), available: len(membership.Available()),
		duplicates: m.shards.Duplicates(), misnamed: m.shards.Misnamed(),
	}
}

func (v view) equal(other view) bool {
	return v.shards == other.shards && v.available == other.available &&
		slices.Equal(v.duplicates, other.duplicates) && slices.Equal(v.misnamed, other.misnamed)
}

// serve tells the webhook what the ring is.
func (m *member) serve(spec resolved) {
	m.admission.Store(&admission.Ring{
		Name: spec.scope.Ring, Membership: m.shards.MembershipInContact, Main: spec.main, Controlled: spec.controlled,
	})
}

// noteProblems remembers what the leading sharder found, and returns the API groups of what is newly not served.
func (m *member) noteProblems(found []scope.Problem) (groups []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, problem := range found {
		known := slices.ContainsFunc(m.problems, func(p scope.Problem) bool { return p.Kind == problem.Kind && unserved(p.Err) })
		if unserved(problem.Err) && !known {
			groups = append(groups, problem.Kind.Group)
		}
	}
	m.problems = slices.Clone(found)
	return groups
}

func (m *member) resourceProblems() []scope.Problem {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.problems
}
