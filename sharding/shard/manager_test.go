// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/meta/testrestmapper"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

// recorder is an API server that knows nothing, and remembers who asked for what.
type recorder struct {
	*httptest.Server
	mu         sync.Mutex
	requests   []string
	userAgents map[string]struct{}
}

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	r := &recorder{userAgents: map[string]struct{}{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.requests = append(r.requests, request.Method+" "+request.URL.Path)
		r.userAgents[request.UserAgent()] = struct{}{}
		http.Error(w, "nothing here", http.StatusNotFound)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) seen() (requests []string, userAgents map[string]struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.requests, r.userAgents
}

func testOptions() manager.Options {
	return manager.Options{
		Metrics: server.Options{BindAddress: "0"},
		MapperProvider: func(*rest.Config, *http.Client) (meta.RESTMapper, error) {
			return testrestmapper.TestOnlyStaticRESTMapper(scheme.Scheme), nil
		},
	}
}

func TestManagerWritesOnlyWhileTheLeaseIsHeld(t *testing.T) {
	g := NewWithT(t)
	apiServer := newRecorder(t)
	config := &rest.Config{Host: apiServer.URL, UserAgent: "operator/v1"}
	s := newTestShard(t)
	mgr, err := s.NewManager(config, testOptions())
	g.Expect(err).NotTo(HaveOccurred())

	object := &corev1.ConfigMap{}
	object.Namespace, object.Name = "default", "a"
	g.Expect(mgr.GetClient().Create(t.Context(), object)).To(MatchError(ErrNotHeld))
	requests, _ := apiServer.seen()
	g.Expect(requests).To(BeEmpty())

	g.Expect(client.IgnoreNotFound(mgr.GetAPIReader().Get(t.Context(), client.ObjectKeyFromObject(object), object))).To(Succeed())
	s.guard.renew(time.Now())
	g.Expect(client.IgnoreNotFound(mgr.GetClient().Create(t.Context(), object))).To(Succeed())
	requests, userAgents := apiServer.seen()
	g.Expect(requests).To(HaveExactElements("GET /api/v1/namespaces/default/configmaps/a", "POST /api/v1/namespaces/default/configmaps"))
	g.Expect(userAgents).To(And(HaveLen(1), HaveKey("operator/v1 shard/shard-1")))

	g.Expect(config.UserAgent).To(Equal("operator/v1"), "the caller's config is left alone")
	g.Expect(config.WrapTransport).To(BeNil())
}

func TestManagerNamesTheShardWithoutAUserAgent(t *testing.T) {
	g := NewWithT(t)
	mgr, err := newTestShard(t).NewManager(&rest.Config{Host: "http://localhost"}, testOptions())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(mgr.GetConfig().UserAgent).To(Equal(rest.DefaultKubernetesUserAgent() + " shard/shard-1"))
}

func TestManagerLockIsNotGuarded(t *testing.T) {
	g := NewWithT(t)
	apiServer := newRecorder(t)
	s := newTestShard(t)
	lock, err := s.newLock(&rest.Config{Host: apiServer.URL})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(lock.Identity()).To(Equal("shard-1"))
	g.Expect(lock.Describe()).To(Equal("shards/shard-1"))

	g.Expect(client.IgnoreNotFound(lock.Create(t.Context(), resourcelock.LeaderElectionRecord{HolderIdentity: "shard-1"}))).To(Succeed())
	requests, _ := apiServer.seen()
	g.Expect(requests).To(HaveExactElements("POST /apis/coordination.k8s.io/v1/namespaces/shards/leases"))
}

func TestManagerRefusesWhatWouldBypassTheGuard(t *testing.T) {
	for name, set := range map[string]func(*manager.Options){
		"Client.HTTPClient": func(options *manager.Options) { options.Client.HTTPClient = http.DefaultClient },
		"Cache.HTTPClient":  func(options *manager.Options) { options.Cache.HTTPClient = http.DefaultClient },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			options := testOptions()
			set(&options)
			mgr, err := newTestShard(t).NewManager(&rest.Config{Host: "http://localhost"}, options)
			g.Expect(err).To(MatchError(ContainSubstring("manager options: " + name + " must not be set")))
			g.Expect(mgr).To(BeNil())
		})
	}
}

func TestManagerGuardsAClientOfTheAuthors(t *testing.T) {
	for name, newClient := range map[string]client.NewClientFunc{
		"from the options": client.New,
		"from the config": func(config *rest.Config, options client.Options) (client.Client, error) {
			options.HTTPClient = nil
			return client.New(config, options)
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			apiServer := newRecorder(t)
			options := testOptions()
			options.NewClient = newClient
			mgr, err := newTestShard(t).NewManager(&rest.Config{Host: apiServer.URL, Transport: http.DefaultTransport}, options)
			g.Expect(err).NotTo(HaveOccurred())
			object := &corev1.ConfigMap{}
			object.Namespace, object.Name = "default", "a"
			g.Expect(mgr.GetClient().Create(t.Context(), object)).To(MatchError(ErrNotHeld))
			requests, _ := apiServer.seen()
			g.Expect(requests).To(BeEmpty())
		})
	}
}

func TestManagerRefusesARingThatItCannotCache(t *testing.T) {
	options := testOptions()
	options.Scheme = runtime.NewScheme()
	_, err := newTestShard(t).NewManager(&rest.Config{Host: "http://localhost"}, options)
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring(`ring "my-ring": no kind is registered`)))
}

func TestManagerStopsWhenTheLeaseIsLost(t *testing.T) {
	g := NewWithT(t)
	s := newTestShard(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.Expect(s.stopWhenLost(ctx)).To(Succeed())

	ended := make(chan error, 1)
	go func() { ended <- s.stopWhenLost(t.Context()) }()
	s.guard.lose(errors.New("taken"))
	g.Eventually(ended, time.Minute).Should(Receive(beNotHeld("taken")))
}
