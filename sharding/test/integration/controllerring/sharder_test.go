// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring_test

import (
	"context"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/controllerring"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/lead"
)

// process is a replica of the sharder, as far as that is possible in one process.
type process struct {
	rings  *controllerring.Rings
	leads  <-chan struct{}
	cancel context.CancelFunc
	ended  chan error
}

// startSharder runs a replica until the test ends or stops it. Replicas with the same election elect one of them.
func startSharder(config *rest.Config, election string) *process {
	GinkgoHelper()
	mgr, err := manager.New(config, manager.Options{
		Scheme:  scheme,
		Metrics: server.Options{BindAddress: "0"},
		Cache:   cache.Options{DefaultTransform: cache.TransformStripManagedFields(), ByObject: controllerring.CacheOptions()},

		LeaderElection: true, LeaderElectionID: election, LeaderElectionNamespace: "default",
		LeaderElectionReleaseOnCancel: true,
		// Leases are released, and none has to expire, even on a machine so busy that nothing is renewed for seconds.
		LeaseDuration: new(2 * time.Minute), RenewDeadline: new(90 * time.Second), RetryPeriod: new(200 * time.Millisecond),
		GracefulShutdownTimeout: new(30 * time.Second),
	})
	Expect(err).NotTo(HaveOccurred())
	environment, err := lead.NewEnvironment(config, mgr.GetRESTMapper(), lead.EnvironmentOptions{})
	Expect(err).NotTo(HaveOccurred())
	rings, err := controllerring.AddToManager(mgr, environment, controllerring.Options{
		Namespace: "sharding-system",
		// Nobody answers there, so all that is assigned is assigned by the leader.
		WebhookServer: func() (admission.Server, bool) { return admission.Server{URL: "https://127.0.0.1:1"}, true },
	})
	Expect(err).NotTo(HaveOccurred())

	p := &process{rings: rings, leads: mgr.Elected(), ended: make(chan error, 1)}
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.Background())
	go func() {
		defer close(p.ended)
		p.ended <- mgr.Start(ctx)
	}()
	DeferCleanup(func() {
		p.cancel()
		Eventually(p.ended).Should(BeClosed())
	})
	return p
}

// stop ends the replica as SIGTERM would, and waits for it.
func (p *process) stop() {
	GinkgoHelper()
	p.cancel()
	Eventually(p.ended).Should(Receive(Succeed()))
}
