// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package assign

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

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/feed"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/work"
)

// unassigned holds the objects of one kind that have no shard, metadata only. An object appears when it is created or
// let go, and leaves when it is assigned; updates of assigned objects never get here.
type unassigned struct {
	Watch
	// changed is called for each object that came, changed or left. It must not block.
	changed func(types.NamespacedName)

	mu    sync.Mutex
	feeds map[string]*feed.Feed // by namespace; "" stands for all of them
}

// Watch is what is watched, and by what means.
type Watch struct {
	Kind schema.GroupVersionKind
	// LabelShard is the label that unassigned objects do not have.
	LabelShard string
	// Namespaces are those whose objects are watched, if the kind has namespaces.
	Namespaces *feed.Namespaces
	Clock      clock.Clock
	Mapper     meta.RESTMapper
	Client     metadata.Interface
	Problems   *problems.Tracker
}

func newUnassigned(watch Watch, changed func(types.NamespacedName)) *unassigned {
	return &unassigned{Watch: watch, changed: changed, feeds: map[string]*feed.Feed{}}
}

// run keeps the objects up to date until the context ends. While the kind is not served it tries again.
func (u *unassigned) run(ctx context.Context) error {
	mapping := u.untilServed(ctx)
	if mapping == nil {
		return nil
	}
	group, ctx := errgroup.WithContext(ctx)
	resource := u.Client.Resource(mapping.Resource)
	if u.Namespaces == nil || mapping.Scope.Name() == meta.RESTScopeNameRoot {
		if err := u.watch(ctx, group, resource, metav1.NamespaceAll); err != nil {
			return err
		}
		return group.Wait()
	}
	group.Go(func() error { return u.feedSelected(ctx, group, resource) })
	return group.Wait()
}

// feedSelected runs a feed for each selected namespace, as they come and go.
func (u *unassigned) feedSelected(ctx context.Context, group *errgroup.Group, resource metadata.Getter) error {
	changed, stopFollowing := u.Namespaces.Follow()
	defer stopFollowing()
	stops := map[string]context.CancelFunc{}
	defer func() {
		for _, stop := range stops {
			stop()
		}
	}()
	for {
		selected := u.Namespaces.Names()
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
			if err := u.watch(feedCtx, group, resource.Namespace(namespace), namespace); err != nil {
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

// watch watches the objects of a namespace, or all, until the context ends.
func (u *unassigned) watch(ctx context.Context, group *errgroup.Group, resource metadata.ResourceInterface, namespace string) error {
	f, err := feed.New(resource, u.Client, feed.Options{
		Kind: u.Kind, Selector: "!" + u.LabelShard, Changed: u.changed, Tried: func(err error) {
			if ctx.Err() == nil {
				u.Problems.Note(u.Kind, watchIn(namespace), err)
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
		f.Run(ctx)
		return nil
	})
	return nil
}

// forget drops what was known of a namespace whose feed was stopped.
func (u *unassigned) forget(namespace string) {
	u.mu.Lock()
	delete(u.feeds, namespace)
	u.mu.Unlock()
	u.Problems.Note(u.Kind, watchIn(namespace), nil)
}

func watchIn(namespace string) string {
	if namespace == "" {
		return "watch"
	}
	return "watch in namespace " + namespace
}

// untilServed returns where the kind is served, or nil when the context has ended.
func (u *unassigned) untilServed(ctx context.Context) *meta.RESTMapping {
	backoff := wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.1, Steps: 10, Cap: work.MaxBackoff}
	for {
		mapping, err := u.Mapper.RESTMapping(u.Kind.GroupKind(), u.Kind.Version)
		u.Problems.Note(u.Kind, "discover", err)
		if err == nil {
			return mapping
		}
		logr.FromContextOrDiscard(ctx).V(1).Info("A kind is not served", "kind", u.Kind, "reason", err.Error())
		select {
		case <-ctx.Done():
			return nil
		case <-u.Clock.After(backoff.Step()):
		}
	}
}

// get returns a copy of the object, or nil if it is assigned or gone.
func (u *unassigned) get(name types.NamespacedName) *metav1.PartialObjectMetadata {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, namespace := range []string{metav1.NamespaceAll, name.Namespace} {
		if f, exists := u.feeds[namespace]; exists {
			return f.Get(name)
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
		names = append(names, f.Names()...)
	}
	return names
}
