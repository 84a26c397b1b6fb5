// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package problems keeps track of which resources cannot be looked after at the moment.
package problems

import (
	"cmp"
	"slices"
	"sync"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// Tracker knows the problems that one ring has at the moment.
type Tracker struct {
	report func([]scope.Problem)
	log    logr.Logger

	mu      sync.Mutex
	current map[attempt]error
}

// attempt is something that was tried with the objects of a kind.
type attempt struct {
	kind schema.GroupVersionKind
	verb string
}

// NewTracker returns a tracker of no problems. It logs each change, and reports all problems after it unless report is nil.
func NewTracker(report func([]scope.Problem), log logr.Logger) *Tracker {
	return &Tracker{report: report, log: log, current: map[attempt]error{}}
}

// Note takes down how an attempt ended. Errors that do not concern the resource as such change nothing: an object that
// is gone, a conflict, an API server that does not answer.
func (t *Tracker) Note(kind schema.GroupVersionKind, verb string, err error) {
	if err != nil && !ConcernsResource(err) {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	a := attempt{kind, verb}
	before := t.current[a]
	switch {
	case err == nil && before == nil, err != nil && before != nil && before.Error() == err.Error():
		return
	case err == nil:
		delete(t.current, a)
		t.log.Info("A resource works again", "kind", kind, "verb", verb)
	default:
		t.current[a] = err
		t.log.Info("A resource does not work, it is tried again", "kind", kind, "verb", verb, "reason", err.Error())
	}
	if t.report != nil {
		t.report(t.list())
	}
}

// list returns one problem a kind, in a fixed order.
func (t *Tracker) list() []scope.Problem {
	attempts := make([]attempt, 0, len(t.current))
	for a := range t.current {
		attempts = append(attempts, a)
	}
	slices.SortFunc(attempts, func(a, b attempt) int {
		return cmp.Or(cmp.Compare(a.kind.String(), b.kind.String()), cmp.Compare(a.verb, b.verb))
	})
	var all []scope.Problem
	for _, a := range attempts {
		if len(all) == 0 || all[len(all)-1].Kind != a.kind {
			all = append(all, scope.Problem{Kind: a.kind, Err: t.current[a]})
		}
	}
	return all
}

// ConcernsResource reports whether the error says that the resource is not served, or not for the sharder. That something
// was not found says so only where all objects of a kind were asked for, so writes are not to be noted with it.
func ConcernsResource(err error) bool {
	return meta.IsNoMatchError(err) || apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err)
}
