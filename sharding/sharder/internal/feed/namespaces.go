// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package feed

import (
	"context"
	"fmt"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/work"
)

// ErrNamespacesUnknown says that it is not known yet which namespaces are selected.
var ErrNamespacesUnknown = fmt.Errorf("the selected namespaces are not known yet: %w", work.ErrWaiting)

// Namespaces knows which namespaces a ring selects, as their labels change. Nil stands for all of them.
type Namespaces struct {
	feed *Feed

	mu        sync.Mutex
	followers map[chan struct{}]struct{}
}

// NewNamespaces returns nil if the selector selects everything.
func NewNamespaces(client metadata.Interface, selector labels.Selector, tracker *problems.Tracker) (*Namespaces, error) {
	if selector == nil || selector.Empty() {
		return nil, nil
	}
	n := &Namespaces{followers: map[chan struct{}]struct{}{}}
	kind := corev1.SchemeGroupVersion.WithKind("Namespace")
	var err error
	n.feed, err = New(client.Resource(corev1.SchemeGroupVersion.WithResource("namespaces")), client, Options{
		Kind: kind, Selector: selector.String(), Changed: func(types.NamespacedName) { n.notify() },
		Tried: func(err error) { tracker.Note(kind, "watch", err) },
	})
	return n, err
}

// Run keeps the namespaces up to date until the context ends.
func (n *Namespaces) Run(ctx context.Context) {
	if n != nil {
		n.feed.Run(ctx)
	}
}

// Known reports whether the namespaces have been listed.
func (n *Namespaces) Known() bool { return n == nil || n.feed.HasSynced() }

// Selects reports whether objects in the namespace are selected. Those of no namespace always are.
func (n *Namespaces) Selects(namespace string) bool {
	return n == nil || namespace == "" || n.feed.Get(types.NamespacedName{Name: namespace}) != nil
}

// Names returns the selected namespaces.
func (n *Namespaces) Names() map[string]bool {
	names := map[string]bool{}
	for _, name := range n.feed.Names() {
		names[name.Name] = true
	}
	return names
}

// Follow returns a channel that gets something after a namespace came or left, until stop is called.
func (n *Namespaces) Follow() (changed <-chan struct{}, stop func()) {
	follower := make(chan struct{}, 1)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.followers[follower] = struct{}{}
	return follower, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		delete(n.followers, follower)
	}
}

func (n *Namespaces) notify() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for follower := range n.followers {
		select {
		case follower <- struct{}{}:
		default:
		}
	}
}
