// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/metadata"
	"k8s.io/utils/clock"
)

// unassigned holds the objects of one kind that have no shard, metadata only. An object appears when it is created or
// let go, and leaves when it is assigned; updates of assigned objects never get here.
type unassigned struct {
	kind     schema.GroupVersionKind
	selector string
	clock    clock.Clock
	mapper   meta.RESTMapper
	client   metadata.Interface
	problems *problems
	// changed is called for each object that came, changed or left. It must not block.
	changed func(types.NamespacedName)

	mu    sync.Mutex
	feeds map[string]*feed // by namespace; "" stands for all of them
}

// run keeps the objects up to date until the context ends. While the kind is not served it tries again.
func (u *unassigned) run(ctx context.Context) error {
	mapping := u.untilServed(ctx)
	if mapping == nil {
		return nil
	}
	f, err := newFeed(u.client.Resource(mapping.Resource), u.client, feedOptions{
		kind: u.kind, selector: u.selector, changed: u.changed, tried: func(err error) { u.problems.note(u.kind, "watch", err) },
	})
	if err != nil {
		return err
	}
	u.mu.Lock()
	u.feeds[metav1.NamespaceAll] = f
	u.mu.Unlock()
	f.run(ctx)
	return nil
}

// untilServed returns where the kind is served, or nil when the context has ended.
func (u *unassigned) untilServed(ctx context.Context) *meta.RESTMapping {
	backoff := wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.1, Steps: 10, Cap: maxBackoff}
	for {
		mapping, err := u.mapper.RESTMapping(u.kind.GroupKind(), u.kind.Version)
		u.problems.note(u.kind, "discover", err)
		if err == nil {
			return mapping
		}
		logr.FromContextOrDiscard(ctx).V(1).Info("A kind is not served", "kind", u.kind, "reason", err.Error())
		select {
		case <-ctx.Done():
			return nil
		case <-u.clock.After(backoff.Step()):
		}
	}
}

// get returns a copy of the object, or nil if it is assigned or gone.
func (u *unassigned) get(name types.NamespacedName) *metav1.PartialObjectMetadata {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, namespace := range []string{metav1.NamespaceAll, name.Namespace} {
		if f, exists := u.feeds[namespace]; exists {
			return f.get(name)
		}
	}
	return nil
}

// names returns the objects that are known to be unassigned.
func (u *unassigned) names() []types.NamespacedName {
	u.mu.Lock()
	defer u.mu.Unlock()
	var names []types.NamespacedName
	for _, f := range u.feeds {
		names = append(names, f.names()...)
	}
	return names
}
