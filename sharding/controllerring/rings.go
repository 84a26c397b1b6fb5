// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
)

// Rings are the rings that this process knows.
type Rings struct {
	mu  sync.RWMutex
	all map[string]*member

	// exist returns the names of those that there are, or an error before that is known.
	exist func(context.Context) ([]string, error)
	ready atomic.Bool
}

var _ admission.Rings = &Rings{}

func newRings(exist func(context.Context) ([]string, error)) *Rings {
	return &Rings{all: map[string]*member{}, exist: exist}
}

// Ring returns what the webhook has to know of the ring of the given name, or false if there is none (any more).
func (r *Rings) Ring(name string) (admission.Ring, bool) {
	if member := r.get(name); member != nil {
		return *member.admission.Load(), true
	}
	return admission.Ring{}, false
}

// Ready returns an error until this process can answer the webhook for all rings from leases that it has seen.
// Those that come later do not make it unready.
func (r *Rings) Ready(request *http.Request) error {
	if r.ready.Load() {
		return nil
	}
	names, err := r.exist(request.Context())
	if err != nil {
		return err
	}
	for _, name := range names {
		if member := r.get(name); member == nil || !member.shards.Synced() {
			return fmt.Errorf("the shards of ring %s are not known yet", name)
		}
	}
	r.ready.Store(true)
	return nil
}

func (r *Rings) get(name string) *member {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.all[name]
}

func (r *Rings) add(name string, m *member) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[name] = m
}

// remove returns the ring that is no more, or nil if it was none before.
func (r *Rings) remove(name string) *member {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.all[name]
	delete(r.all, name)
	return m
}

func (r *Rings) names() []string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	names := make([]string, 0, len(r.all))
	for name := range r.all {
		names = append(names, name)
	}
	return names
}
