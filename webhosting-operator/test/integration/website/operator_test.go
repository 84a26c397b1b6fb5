// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	testclock "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

// operator is a running operator.
type operator struct {
	*traffic
	errors    *errorCounter
	informers client.Reader
	// stop ends the operator and waits for it. It may be called twice.
	stop func()
}

// setup is what a spec may change before its operator starts.
type setup struct {
	reconciler website.Reconciler
	options    website.Options
	manager    manager.Options
}

// patient has an operator wait for the controller of Deployments for ever: no time passes.
func patient(s *setup) { s.reconciler.Clock = testclock.NewFakePassiveClock(time.Now()) }

// startOperator starts an operator that sees one namespace only. It ends with the spec.
func startOperator(namespace string, configure ...func(*setup)) *operator {
	GinkgoHelper()
	o := &operator{traffic: &traffic{}, errors: &errorCounter{LogSink: GinkgoLogr.GetSink()}}

	s := &setup{manager: manager.Options{
		Scheme:     scheme,
		Logger:     logr.New(o.errors),
		Metrics:    metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
		Client:     website.ClientOptions(),
		Cache: cache.Options{
			DefaultNamespaces: map[string]cache.Config{namespace: {}},
			ByObject:          website.CacheOptions(),
		},
	}}
	s.options.Controller.MaxConcurrentReconciles = 5
	for _, f := range configure {
		f(s)
	}

	watched := rest.CopyConfig(restConfig)
	watched.Wrap(o.traffic.wrap)
	mgr, err := manager.New(watched, s.manager)
	Expect(err).NotTo(HaveOccurred())

	o.informers = mgr.GetCache()

	ctx, cancel := context.WithCancel(context.Background())
	Expect(s.reconciler.AddToManager(ctx, mgr, s.options)).To(Succeed())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()

	stopped := false
	o.stop = func() {
		GinkgoHelper()
		if !stopped {
			stopped = true
			cancel()
			Eventually(done).Should(Receive(Succeed()))
		}
	}
	DeferCleanup(o.stop)
	return o
}

// losesSightOf waits until the operator has heard that a website is gone, or is not its any more.
func (o *operator) losesSightOf(ctx context.Context, site *v1alpha1.Website) {
	GinkgoHelper()
	Eventually(ctx, func(ctx context.Context) bool {
		return apierrors.IsNotFound(o.informers.Get(ctx, client.ObjectKeyFromObject(site), &v1alpha1.Website{}))
	}).Should(BeTrue())
}

// errorCounter is a log that counts the reconciles that ended with an error.
type errorCounter struct {
	logr.LogSink
	count atomic.Int32
}

func (c *errorCounter) Error(err error, msg string, keysAndValues ...any) {
	if msg == "Reconciler error" {
		c.count.Add(1)
	}
	c.LogSink.Error(err, msg, keysAndValues...)
}

// One sink serves all loggers: values and names do not matter here.
func (c *errorCounter) Init(logr.RuntimeInfo)          {}
func (c *errorCounter) WithValues(...any) logr.LogSink { return c }
func (c *errorCounter) WithName(string) logr.LogSink   { return c }
