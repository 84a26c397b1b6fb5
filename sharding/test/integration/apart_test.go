// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
)

// A ring whose sharder is a program of its own, and assigns by its webhook in the very request by which a shard lets an
// object go.
var _ = Describe("Shards in Go and in Python under the sharder apart", func() {
	It("never write to one object at a time, whoever comes and goes", func(ctx context.Context) {
		r := newTestRing()
		r.startDedicatedSharder(ctx)
		python := r.expiring().startPython("python")
		r.start("go-1", sharding.ModeShard)
		r.eventuallyAssignedOnCreation(ctx)
		r.create(60) // so many that every shard has some, whatever the namespace is called
		r.eventuallySettled("go-1", "python")

		stop := r.churn()
		second := r.start("go-2", sharding.ModeShard)
		r.eventuallyOwned("go-1", "go-2", "python")
		r.startPython("python-2")
		r.eventuallyOwned("go-1", "go-2", "python", "python-2")
		python.Kill()
		r.eventuallyOwned("go-1", "go-2", "python-2")
		second.leave()
		r.eventuallyOwned("go-1", "python-2")
		stop()

		r.eventuallySettled("go-1", "python-2")
		Expect(r.draining()).To(BeEmpty())
		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0), "objects changed hands")
	})
})

// startDedicatedSharder runs the program that serves all ControllerRings, and makes the ring one of them.
func (r *testRing) startDedicatedSharder(ctx context.Context) {
	GinkgoHelper()
	r.webhook = true
	ring, err := r.ControllerRing(apiServer.Scheme(), apiServer.RESTMapper())
	Expect(err).NotTo(HaveOccurred())
	Expect(apiServer.Create(ctx, ring)).To(Succeed())
	webhooks := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: admission.WebhookName(ring.Name)}}
	DeferCleanup(func(ctx context.Context) { // the garbage collector, which these tests do not have, would delete what the ring owns
		Expect(apiServer.Delete(ctx, ring)).To(Succeed())
		Expect(client.IgnoreNotFound(apiServer.Delete(ctx, webhooks))).To(Succeed())
	})

	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "system-"}}
	Expect(apiServer.Create(ctx, system)).To(Succeed())
	program, err := gexec.Build("github.com/timebertt/kubernetes-controller-sharding/sharding/cmd/sharder")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(gexec.CleanupBuildArtifacts)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	webhook := listener.Addr().String()
	Expect(listener.Close()).To(Succeed())
	config := filepath.Join(GinkgoT().TempDir(), "config.yaml")
	Expect(os.WriteFile(config, fmt.Appendf(nil, `
apiVersion: config.sharding.timebertt.dev/v1alpha1
kind: SharderConfig
namespace: %s
webhook: {bindAddress: "%s", url: "https://%s"}
health: {bindAddress: "0"}
metrics: {bindAddress: "0"}
`, system.Name, webhook, webhook), 0o600)).To(Succeed())
	runProcess(program, "--config", config, "--kubeconfig", writeKubeconfig())
}

// eventuallyAssignedOnCreation waits until the API server asks the webhook, and that knows a shard.
func (r *testRing) eventuallyAssignedOnCreation(ctx context.Context) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		probe := newDeployment(r.namespace, "probe")
		g.Expect(apiServer.Create(ctx, probe, client.DryRunAll)).To(Succeed())
		g.Expect(probe.Labels).To(HaveKey(r.LabelShard()))
	}).Should(Succeed())
}
