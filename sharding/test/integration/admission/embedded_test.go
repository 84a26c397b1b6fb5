// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"context"
	"crypto/tls"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder"
)

var _ = Describe("An operator that embeds its sharder", func() {
	It("assigns in the request by the shards that have a lease", func(ctx context.Context) {
		namespace := newNamespace(ctx, map[string]string{labelSelected: "true"})
		port := freePort(ctx)
		server := webhook.NewServer(webhook.Options{
			Host: "127.0.0.1", Port: port,
			TLSOpts: []func(*tls.Config){func(config *tls.Config) { config.GetCertificate = keeper.GetCertificate }},
		})
		mgr, err := manager.New(restConfig, manager.Options{Metrics: metricsserver.Options{BindAddress: "0"}, WebhookServer: server})
		Expect(err).NotTo(HaveOccurred())
		ring := sharding.Ring{Name: "embedded", Kinds: []sharding.Kind{{Main: &appsv1.Deployment{}}}}
		Expect(sharder.AddToManager(mgr, restConfig, ring, sharder.Options{Namespace: namespace, WebhookServer: mgr.GetWebhookServer()})).To(Succeed())
		run(mgr.Start)

		lease := &coordinationv1.Lease{}
		lease.Namespace, lease.Name = namespace, "shard-a"
		lease.Labels = map[string]string{"alpha.sharding.timebertt.dev/controllerring": "embedded"}
		lease.Spec = coordinationv1.LeaseSpec{
			HolderIdentity: new("shard-a"), LeaseDurationSeconds: new(int32(600)),
			AcquireTime: new(metav1.NowMicro()), RenewTime: new(metav1.NewMicroTime(time.Now())),
		}
		Expect(apiServer.Create(ctx, lease)).To(Succeed())

		declared, err := admission.Declared(ring, mgr.GetScheme(), mgr.GetRESTMapper(), nil)
		Expect(err).NotTo(HaveOccurred())
		embedded := options()
		embedded.Server.URL = "https://127.0.0.1:" + strconv.Itoa(port)
		configuration := admission.WebhookConfiguration(declared, embedded)
		Expect(admission.Apply(ctx, apiServer, configuration)).To(BeTrue())
		DeferCleanup(func(ctx context.Context) { Expect(apiServer.Delete(ctx, configuration)).To(Succeed()) })

		Eventually(func(g Gomega) {
			probe := newDeployment(namespace, "probe")
			g.Expect(apiServer.Create(ctx, probe, client.DryRunAll)).To(Succeed())
			g.Expect(probe.Labels).To(HaveKeyWithValue("shard.alpha.sharding.timebertt.dev/embedded", "shard-a"))
		}).Should(Succeed())
	})

	It("cannot declare what the API server does not serve", func() {
		mgr, err := manager.New(restConfig, manager.Options{Metrics: metricsserver.Options{BindAddress: "0"}})
		Expect(err).NotTo(HaveOccurred())
		ring := sharding.Ring{Name: "embedded", Kinds: []sharding.Kind{{Main: &metav1.PartialObjectMetadata{
			TypeMeta: metav1.TypeMeta{APIVersion: "example.com/v1", Kind: "Cat"},
		}}}}
		_, err = admission.Declared(ring, mgr.GetScheme(), mgr.GetRESTMapper(), nil)
		Expect(err).To(MatchError(ContainSubstring("Cat.example.com")))
	})
})
