// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/shard"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder"
)

const (
	// leaseDuration is as long as tests wait at most: a machine so busy that nothing is renewed for seconds changes
	// nothing, and what is released need not expire.
	leaseDuration = time.Minute
	// shortLeaseDuration is that of instances whose leases are to expire: a test takes longer than that.
	shortLeaseDuration = 4 * time.Second
	retryPeriod        = 400 * time.Millisecond
)

// instance is one process of a sharded operator, as far as that is possible in one process.
type instance struct {
	name    string
	network *network
	worker  *worker
	stop    context.CancelFunc
	ended   chan error
}

// start runs an instance of the ring until the test ends or something else ends it.
func (r *testRing) start(name string, mode sharding.Mode) *instance {
	GinkgoHelper()
	i := &instance{name: name, network: newNetwork(), ended: make(chan error, 1)}
	restConfig := rest.CopyConfig(restConfig)
	restConfig.UserAgent = "test"
	restConfig.QPS = -1
	restConfig.Wrap(i.network.wrap)

	mgr := i.newManager(r, restConfig, mode)
	if mode.RunsSharder() {
		Expect(sharder.AddToManager(mgr, restConfig, r.Ring, sharder.Options{
			Namespace: r.namespace, DrainTimeout: r.drainTimeout,
			LeaseDuration: r.leaseDuration, RenewDeadline: r.renewDeadline(), RetryPeriod: retryPeriod,
		})).To(Succeed())
	}

	var ctx context.Context
	ctx, i.stop = context.WithCancel(context.Background())
	go func() {
		defer close(i.ended)
		i.ended <- mgr.Start(ctx)
	}()
	DeferCleanup(func() {
		if i.worker != nil {
			i.worker.wake()
		}
		i.stop()
		i.network.heal()
		Eventually(i.ended).Should(BeClosed())
	})
	return i
}

func (i *instance) newManager(r *testRing, restConfig *rest.Config, mode sharding.Mode) manager.Manager {
	GinkgoHelper()
	options := manager.Options{
		Metrics:                 server.Options{BindAddress: "0"},
		GracefulShutdownTimeout: new(r.shutdownTimeout),
		Controller:              config.Controller{SkipNameValidation: new(true), MaxConcurrentReconciles: 5},
	}
	if !mode.RunsShard() {
		mgr, err := manager.New(restConfig, options)
		Expect(err).NotTo(HaveOccurred())
		return mgr
	}

	self, err := shard.New(r.Ring, shard.Options{
		Name: i.name, Namespace: r.namespace,
		LeaseDuration: r.leaseDuration, RenewDeadline: r.renewDeadline(), RetryPeriod: retryPeriod,
	})
	Expect(err).NotTo(HaveOccurred())
	mgr, err := self.NewManager(restConfig, options)
	Expect(err).NotTo(HaveOccurred())

	i.worker = &worker{client: mgr.GetClient(), labels: self.Labels()}
	if r.unlabelled {
		i.worker.labels = nil
	}
	Expect(builder.ControllerManagedBy(mgr).Named("worker").
		For(&appsv1.Deployment{}, builder.WithPredicates(self.Predicate(predicate.GenerationChangedPredicate{}))).
		Owns(&corev1.ConfigMap{}).
		Complete(self.Reconciler(mgr.GetClient(), &appsv1.Deployment{}, i.worker))).To(Succeed())
	return mgr
}

// leave stops the instance as SIGTERM would, and waits for it.
func (i *instance) leave() {
	GinkgoHelper()
	i.stop()
	Eventually(i.ended).Should(Receive(Succeed()))
}

// crash cuts the instance off for good. To the rest of the world that is what a crash looks like; the difference, that
// the instance may try to go on, makes these tests the stricter.
func (i *instance) crash() { i.network.cut() }

// testRing is a ring of its own for one test, over all Deployments.
type testRing struct {
	sharding.Ring
	namespace string
	// leaseDuration is that of its shards and sharders.
	leaseDuration time.Duration
	// drainTimeout is that of its sharders. By default it is longer than any test waits.
	drainTimeout time.Duration
	// shutdownTimeout is how long its instances wait for reconciles when they end.
	shutdownTimeout time.Duration
	// unlabelled says that the ring's shards do not label what they control.
	unlabelled bool
	// webhook says that every write to a main object may assign it.
	webhook bool
}

func newTestRing() *testRing {
	GinkgoHelper()
	namespace := &corev1.Namespace{}
	namespace.GenerateName = "test-"
	Expect(apiServer.Create(inContext(), namespace)).To(Succeed())

	// The Deployments of earlier tests belong to this ring, too: none may be left.
	DeferCleanup(func(ctx context.Context) {
		Expect(apiServer.DeleteAllOf(ctx, &appsv1.Deployment{}, client.InNamespace(namespace.Name))).To(Succeed())
	})
	return &testRing{
		namespace:       namespace.Name,
		leaseDuration:   leaseDuration,
		drainTimeout:    5 * time.Minute,
		shutdownTimeout: 30 * time.Second,
		Ring: sharding.Ring{Name: namespace.Name, Kinds: []sharding.Kind{{
			Main: &appsv1.Deployment{}, Controlled: []client.Object{&corev1.ConfigMap{}},
		}}},
	}
}

// expiring is the ring for starting what is to crash: its leases expire soon when it does not renew them.
func (r *testRing) expiring() *testRing {
	expiring := *r
	expiring.leaseDuration = shortLeaseDuration
	return &expiring
}

// renewDeadline is how long a shard or a sharder tries to renew its lease before it gives up.
func (r *testRing) renewDeadline() time.Duration { return r.leaseDuration / 4 * 3 }
