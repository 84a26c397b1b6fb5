// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
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
	// namespaces are those whose objects are watched, if the kind has namespaces.
	namespaces *namespaces
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
	group, ctx := errgroup.WithContext(ctx)
	resource := u.client.Resource(mapping.Resource)
	if u.namespaces == nil || mapping.Scope.Name() == meta.RESTScopeNameRoot {
		if err := u.feed(ctx, group, resource, metav1.NamespaceAll); err != nil {
			return err
		}
		return group.Wait()
	}
	group.Go(func() error { return u.feedSelected(ctx, group, resource) })
	return group.Wait()
}

// feedSelected runs a feed for each selected namespace, as they come and go.
func (u *unassigned) feedSelected(ctx context.Context, group *errgroup.Group, resource metadata.Getter) error {
	changed, stopFollowing := u.namespaces.follow()
	defer stopFollowing()
	stops := map[string]context.CancelFunc{}
	defer func() {
		for _, stop := range stops {
			stop()
		}
	}()
	for {
		selected := u.namespaces.names()
		for namespace, stop := range stops {
			if !selected[namespace] {
				stop()
				delete(stops, namespace)
				u.forget(namespace)
			}
		}
		for namespace := range selected {
			if _, running := stops[namespace]; running {
				continue
			}
			feedCtx, stop := context.WithCancel(ctx)
			stops[namespace] = stop
			if err := u.feed(feedCtx, group, resource.Namespace(namespace), namespace); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// feed watches the objects of a namespace, or all, until the context ends.
func (u *unassigned) feed(ctx context.Context, group *errgroup.Group, resource metadata.ResourceInterface, namespace string) error {
	f, err := newFeed(resource, u.client, feedOptions{
		kind: u.kind, selector: u.selector, changed: u.changed, tried: func(err error) {
			if ctx.Err() == nil {
				u.problems.note(u.kind, watchIn(namespace), err)
			}
		},
	})
	if err != nil {
		return err
	}
	u.mu.Lock()
	u.feeds[namespace] = f
	u.mu.Unlock()
	group.Go(func() error {
		f.run(ctx)
		return nil
	})
	return nil
}

// forget drops what was known of a namespace whose feed was stopped.
func (u *unassigned) forget(namespace string) {
	u.mu.Lock()
	delete(u.feeds, namespace)
	u.mu.Unlock()
	u.problems.note(u.kind, watchIn(namespace), nil)
}

func watchIn(namespace string) string {
	if namespace == "" {
		return "watch"
	}
	return "watch in namespace " + namespace
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
