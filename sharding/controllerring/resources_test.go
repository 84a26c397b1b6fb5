// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	testclock "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
)

// discoveryServer is an API server that serves nothing but discovery: a body for each path.
type discoveryServer struct {
	bodies   atomic.Pointer[map[string]string]
	requests atomic.Int32
}

func (s *discoveryServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	body, found := (*s.bodies.Load())[r.URL.Path]
	if !found {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(body))
}

func newDiscovery(t *testing.T, bodies map[string]string) (*discoveryServer, *resources, *testclock.FakeClock) {
	t.Helper()
	fake := &discoveryServer{}
	fake.bodies.Store(&bodies)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	client, err := discovery.NewDiscoveryClientForConfig(&rest.Config{Host: server.URL})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	clock := testclock.NewFakeClock(time.Unix(1000, 0))
	return fake, newResources(client, clock), clock
}

const (
	zooGroup = `{"kind": "APIGroup", "apiVersion": "v1", "name": "zoo.example.com", "versions": [
		{"groupVersion": "zoo.example.com/v2alpha1", "version": "v2alpha1"}, {"groupVersion": "zoo.example.com/v1", "version": "v1"}],
		"preferredVersion": {"groupVersion": "zoo.example.com/v1", "version": "v1"}}`
	zooV1 = `{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "zoo.example.com/v1", "resources": [
		{"name": "cats", "kind": "Cat", "namespaced": true}, {"name": "cats/status", "kind": "Cat", "namespaced": true}]}`
	zooV2 = `{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "zoo.example.com/v2alpha1", "resources": [
		{"name": "cats", "kind": "Cat", "namespaced": true}, {"name": "dogs", "kind": "Dog", "namespaced": false}]}`
	core = `{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": "v1", "resources": [
		{"name": "configmaps", "kind": "ConfigMap", "namespaced": true}]}`
)

var zoo = map[string]string{
	"/api/v1": core, "/apis/zoo.example.com": zooGroup, "/apis/zoo.example.com/v1": zooV1, "/apis/zoo.example.com/v2alpha1": zooV2,
}

func TestResourcesAreFoundInTheirOwnGroupAndPreferredVersion(t *testing.T) {
	g := NewWithT(t)
	_, resources, _ := newDiscovery(t, zoo)
	for name, want := range map[schema.GroupResource]served{
		{Group: "zoo.example.com", Resource: "cats"}: {kind: schema.GroupVersionKind{Group: "zoo.example.com", Version: "v1", Kind: "Cat"}, scope: key.Namespaced},
		{Group: "zoo.example.com", Resource: "dogs"}: {kind: schema.GroupVersionKind{Group: "zoo.example.com", Version: "v2alpha1", Kind: "Dog"}, scope: key.ClusterScoped},
		{Resource: "configmaps"}:                     {kind: schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, scope: key.Namespaced},
	} {
		found, missing := resources.find(t.Context(), name)
		g.Expect(missing).To(BeNil())
		g.Expect(found).To(Equal(want))
	}
	for _, name := range []schema.GroupResource{
		{Resource: "cats"}, {Group: "zoo", Resource: "cats"}, {Group: "zoo.example.com", Resource: "cat"}, {Group: "zoo.example.com", Resource: "configmaps"},
	} {
		_, missing := resources.find(t.Context(), name)
		g.Expect(missing).NotTo(BeNil(), "%s", name)
	}
}

func TestResourcesAreRememberedAndForgotten(t *testing.T) {
	g := NewWithT(t)
	server, resources, _ := newDiscovery(t, zoo)
	cats := schema.GroupResource{Group: "zoo.example.com", Resource: "cats"}
	for range 3 {
		_, missing := resources.find(t.Context(), cats)
		g.Expect(missing).To(BeNil())
	}
	g.Expect(server.requests.Load()).To(BeEquivalentTo(3), "one for the group, and one for each version")

	server.bodies.Store(&map[string]string{})
	_, missing := resources.find(t.Context(), cats)
	g.Expect(missing).To(BeNil())
	resources.forget("zoo.example.com")
	_, missing = resources.find(t.Context(), cats)
	g.Expect(missing).NotTo(BeNil())
}

func TestMissingResourcesAreLookedForLessAndLessOften(t *testing.T) {
	g := NewWithT(t)
	server, resources, clock := newDiscovery(t, map[string]string{})
	cats := schema.GroupResource{Group: "zoo.example.com", Resource: "cats"}
	var waits []time.Duration
	for range 8 {
		before := server.requests.Load()
		_, missing := resources.find(t.Context(), cats)
		g.Expect(missing).NotTo(BeNil())
		_, again := resources.find(context.Background(), cats)
		g.Expect(again.retryAt).To(Equal(missing.retryAt))
		g.Expect(server.requests.Load()-before).To(BeEquivalentTo(1), "another ring asks in vain, too")
		waits = append(waits, missing.retryAt.Sub(clock.Now()))
		clock.SetTime(missing.retryAt)
	}
	g.Expect(waits[0]).To(BeNumerically("<", 1200*time.Millisecond))
	g.Expect(waits[2]).To(BeNumerically(">", 3*waits[0]))
	g.Expect(waits[7]).To(And(BeNumerically(">=", 20*time.Second), BeNumerically("<=", 33*time.Second)))

	server.bodies.Store(&zoo)
	found, missing := resources.find(t.Context(), cats)
	g.Expect(missing).To(BeNil())
	g.Expect(found.kind.Kind).To(Equal("Cat"))
}
