// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"errors"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"
)

// errNamespacesUnknown says that it is not known yet which namespaces are selected.
var errNamespacesUnknown = errors.New("the selected namespaces are not known yet")

// namespaces knows which namespaces a ring selects, as their labels change. Nil stands for all of them.
type namespaces struct {
	feed *feed

	mu        sync.Mutex
	followers map[chan struct{}]struct{}
}

// newNamespaces returns nil if the selector selects everything.
func newNamespaces(client metadata.Interface, selector labels.Selector, problems *problems) (*namespaces, error) {
	if selector == nil || selector.Empty() {
		return nil, nil
	}
	n := &namespaces{followers: map[chan struct{}]struct{}{}}
	kind := corev1.SchemeGroupVersion.WithKind("Namespace")
	var err error
	n.feed, err = newFeed(client.Resource(corev1.SchemeGroupVersion.WithResource("namespaces")), client, feedOptions{
		kind: kind, selector: selector.String(), changed: func(types.NamespacedName) { n.notify() },
		tried: func(err error) { problems.note(kind, "watch", err) },
	})
	return n, err
}

// run keeps the namespaces up to date until the context ends.
func (n *namespaces) run(ctx context.Context) {
	if n != nil {
		n.feed.run(ctx)
	}
}

// known reports whether the namespaces have been listed.
func (n *namespaces) known() bool { return n == nil || n.feed.informer.HasSynced() }

// selects reports whether objects in the namespace are selected. Those of no namespace always are.
func (n *namespaces) selects(namespace string) bool {
	return n == nil || namespace == "" || n.feed.get(types.NamespacedName{Name: namespace}) != nil
}

// names returns the selected namespaces.
func (n *namespaces) names() map[string]bool {
	names := map[string]bool{}
	for _, name := range n.feed.names() {
		names[name.Name] = true
	}
	return names
}

// follow returns a channel that gets something after a namespace came or left, until stop is called.
func (n *namespaces) follow() (changed <-chan struct{}, stop func()) {
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

func (n *namespaces) notify() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for follower := range n.followers {
		select {
		case follower <- struct{}{}:
		default:
		}
	}
}
