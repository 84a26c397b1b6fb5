// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"context"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/discovery"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
)

// maxDiscoveryBackoff is the longest time that a resource that has appeared stays unnoticed.
const maxDiscoveryBackoff = 30 * time.Second

// served is how the API server serves a resource.
type served struct {
	kind  schema.GroupVersionKind
	scope key.Scope
}

// resources finds out how resources are served. What was found is remembered; what was not is looked for again, less and
// less often. It is shared by all rings, so their number does not multiply the requests.
//
// It is no REST mapper, because those look up a resource by its name in all groups that they happen to know.
type resources struct {
	client discovery.DiscoveryInterface
	clock  clock.PassiveClock

	mu     sync.Mutex
	groups map[string]*group
}

// group is what is known of an API group.
type group struct {
	mu      sync.Mutex
	served  map[string]served // by resource
	err     error             // of the last attempt
	backoff wait.Backoff
	retryAt time.Time
}

func newResources(client discovery.DiscoveryInterface, clock clock.PassiveClock) *resources {
	return &resources{client: client, clock: clock, groups: map[string]*group{}}
}

// notServed is why a resource is taken for one that the API server does not serve, and until when.
type notServed struct {
	reason  string
	retryAt time.Time
}

// find returns how the resource is served, or a notServed.
func (r *resources) find(ctx context.Context, resource schema.GroupResource) (served, *notServed) {
	g := r.group(resource.Group)
	g.mu.Lock()
	defer g.mu.Unlock()
	if found, ok := g.served[resource.Resource]; ok {
		return found, nil
	}
	if now := r.clock.Now(); !now.Before(g.retryAt) {
		g.served, g.err = r.discover(ctx, resource.Group)
		g.retryAt = now.Add(g.backoff.Step())
	}
	if found, ok := g.served[resource.Resource]; ok {
		g.backoff = newBackoff()
		return found, nil
	}
	if g.err != nil {
		return served{}, &notServed{reason: g.err.Error(), retryAt: g.retryAt}
	}
	return served{}, &notServed{reason: "the API server does not know it", retryAt: g.retryAt}
}

// forget makes find look again for the resources of a group, of which one does not work any more.
func (r *resources) forget(name string) {
	g := r.group(name)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.served = nil
}

func (r *resources) group(name string) *group {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.groups[name] == nil {
		r.groups[name] = &group{backoff: newBackoff()}
	}
	return r.groups[name]
}

func newBackoff() wait.Backoff {
	return wait.Backoff{Duration: time.Second, Factor: 2, Jitter: 0.1, Steps: 10, Cap: maxDiscoveryBackoff}
}

// discover returns the resources of the group, each in the version that the API server prefers among those that have it.
func (r *resources) discover(ctx context.Context, name string) (map[string]served, error) {
	versions, err := r.versions(ctx, name)
	if err != nil {
		return nil, err
	}
	found := map[string]served{}
	for _, version := range versions {
		list, err := r.client.ServerResourcesForGroupVersion(version.String())
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("asking the API server for the resources of %s: %w", version, err)
		}
		for _, resource := range list.APIResources {
			if _, known := found[resource.Name]; known {
				continue
			}
			scope := key.ClusterScoped
			if resource.Namespaced {
				scope = key.Namespaced
			}
			found[resource.Name] = served{kind: version.WithKind(resource.Kind), scope: scope}
		}
	}
	return found, nil
}

// versions returns the versions of the group, the preferred one first, or none if the group is not served.
func (r *resources) versions(ctx context.Context, name string) ([]schema.GroupVersion, error) {
	if name == "" {
		return []schema.GroupVersion{{Version: "v1"}}, nil
	}
	described := &metav1.APIGroup{}
	err := r.client.RESTClient().Get().AbsPath("/apis/" + name).Do(ctx).Into(described)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asking the API server for the group %s: %w", name, err)
	}
	versions := []schema.GroupVersion{{Group: name, Version: described.PreferredVersion.Version}}
	for _, version := range described.Versions {
		if version.Version != described.PreferredVersion.Version {
			versions = append(versions, schema.GroupVersion{Group: name, Version: version.Version})
		}
	}
	return versions, nil
}
