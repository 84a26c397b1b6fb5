// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"cmp"
	"slices"
	"sync"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ResourceProblem is why the objects of one kind cannot be looked after. It does not concern the ring's other kinds, and
// is tried again until it heals.
type ResourceProblem struct {
	Kind schema.GroupVersionKind
	Err  error
}

// problems knows which resources cannot be looked after at the moment.
type problems struct {
	report func([]ResourceProblem)
	log    logr.Logger

	mu      sync.Mutex
	current map[attempt]error
}

// attempt is something that was tried with the objects of a kind.
type attempt struct {
	kind schema.GroupVersionKind
	verb string
}

func newProblems(options LeadOptions) *problems {
	return &problems{report: options.OnProblems, log: options.Log, current: map[attempt]error{}}
}

// note takes down how an attempt ended. Errors that do not concern the resource as such change nothing: an object that
// is gone, a conflict, an API server that does not answer.
func (p *problems) note(kind schema.GroupVersionKind, verb string, err error) {
	if err != nil && !concernsResource(err) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	a := attempt{kind, verb}
	before := p.current[a]
	switch {
	case err == nil && before == nil, err != nil && before != nil && before.Error() == err.Error():
		return
	case err == nil:
		delete(p.current, a)
		p.log.Info("A resource works again", "kind", kind, "verb", verb)
	default:
		p.current[a] = err
		p.log.Info("A resource does not work, it is tried again", "kind", kind, "verb", verb, "reason", err.Error())
	}
	if p.report != nil {
		p.report(p.list())
	}
}

// list returns one problem a kind, in a fixed order.
func (p *problems) list() []ResourceProblem {
	attempts := make([]attempt, 0, len(p.current))
	for a := range p.current {
		attempts = append(attempts, a)
	}
	slices.SortFunc(attempts, func(a, b attempt) int {
		return cmp.Or(cmp.Compare(a.kind.String(), b.kind.String()), cmp.Compare(a.verb, b.verb))
	})
	var all []ResourceProblem
	for _, a := range attempts {
		if len(all) == 0 || all[len(all)-1].Kind != a.kind {
			all = append(all, ResourceProblem{Kind: a.kind, Err: p.current[a]})
		}
	}
	return all
}

// concernsResource reports whether the error says that the resource is not served, or not for the sharder. That something
// was not found says so only where all objects of a kind were asked for, so writes are not to be noted with it.
func concernsResource(err error) bool {
	return meta.IsNoMatchError(err) || apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || apierrors.IsMethodNotSupported(err)
}
