// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/config/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

const header = "apiVersion: config.sharding.timebertt.dev/v1alpha1\nkind: SharderConfig\n"

func decode(t *testing.T, document string) *configv1alpha1.SharderConfig {
	t.Helper()
	config, err := configv1alpha1.Decode([]byte(header + document))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return config
}

func TestDecodeEveryField(t *testing.T) {
	g := NewWithT(t)
	config := decode(t, `
namespace: somewhere
clientConnection: {kubeconfig: /etc/kubeconfig, qps: 20, burst: 30}
leaderElection: {leaderElect: false, resourceName: leader, resourceNamespace: elsewhere, leaseDuration: 30s, renewDeadline: 20s, retryPeriod: 3s}
health: {bindAddress: ":1"}
metrics: {bindAddress: ":2", secureServing: false, certDir: /etc/certs}
debugging: {enableProfiling: true, enableContentionProfiling: true}
webhook:
  bindAddress: ":3"
  manageConfigurations: false
  serviceName: webhook
  url: https://127.0.0.1:9443
  certificate: {mode: Provided, secretName: secret, directory: /certs, injectCAFrom: a/b}
controller: {drainTimeout: 2m, checkPeriod: 1h, concurrentWrites: 7}
`)
	g.Expect(config.Namespace).To(Equal("somewhere"))
	g.Expect(config.ClientConnection).To(Equal(componentconfig.ClientConnection{Kubeconfig: "/etc/kubeconfig", QPS: 20, Burst: 30}))
	g.Expect(config.LeaderElection.LeaderElect).To(HaveValue(BeFalse()))
	g.Expect(config.LeaderElection.ResourceName).To(Equal("leader"))
	g.Expect(config.LeaderElection.ResourceNamespace).To(Equal("elsewhere"))
	g.Expect(config.LeaderElection.LeaseDuration.Duration).To(Equal(30 * time.Second))
	g.Expect(config.LeaderElection.RenewDeadline.Duration).To(Equal(20 * time.Second))
	g.Expect(config.LeaderElection.RetryPeriod.Duration).To(Equal(3 * time.Second))
	g.Expect(config.Health.BindAddress).To(Equal(":1"))
	g.Expect(config.Metrics).To(Equal(componentconfig.MetricsServer{BindAddress: ":2", SecureServing: new(false), CertDir: "/etc/certs"}))
	g.Expect(config.Debugging).To(Equal(componentconfig.Debugging{EnableProfiling: true, EnableContentionProfiling: true}))
	g.Expect(config.Webhook).To(Equal(configv1alpha1.Webhook{
		BindAddress: ":3", ManageConfigurations: new(false), ServiceName: "webhook", URL: "https://127.0.0.1:9443",
		Certificate: configv1alpha1.Certificate{Mode: "Provided", SecretName: "secret", Directory: "/certs", InjectCAFrom: "a/b"},
	}))
	g.Expect(config.Controller.DrainTimeout.Duration).To(Equal(2 * time.Minute))
	g.Expect(config.Controller.CheckPeriod.Duration).To(Equal(time.Hour))
	g.Expect(config.Controller.ConcurrentWrites).To(Equal(7))
}

func TestDecodeDefaults(t *testing.T) {
	g := NewWithT(t)
	config := decode(t, "webhook:\n")
	g.Expect(configv1alpha1.Validate(config)).To(BeEmpty())

	g.Expect(config.Namespace).To(BeEmpty())
	g.Expect(config.ClientConnection).To(Equal(componentconfig.ClientConnection{QPS: -1}))
	g.Expect(config.LeaderElection.LeaderElect).To(HaveValue(BeTrue()))
	g.Expect(config.LeaderElection.ResourceName).To(Equal("sharder"))
	g.Expect(config.LeaderElection.ResourceNamespace).To(BeEmpty())
	g.Expect(config.LeaderElection.LeaseDuration.Duration).To(Equal(15 * time.Second))
	g.Expect(config.Health.BindAddress).To(Equal(":8081"))
	g.Expect(config.Metrics).To(Equal(componentconfig.MetricsServer{BindAddress: ":8080", SecureServing: new(true)}))
	g.Expect(config.Debugging).To(BeZero())
	g.Expect(config.Webhook).To(Equal(configv1alpha1.Webhook{
		BindAddress: ":9443", ManageConfigurations: new(true), ServiceName: "sharder",
		Certificate: configv1alpha1.Certificate{Mode: "Generated", SecretName: "sharder-webhook"},
	}))
	g.Expect(config.Controller.DrainTimeout.Duration).To(Equal(time.Minute))
	g.Expect(config.Controller.CheckPeriod.Duration).To(Equal(30 * time.Minute))
	g.Expect(config.Controller.ConcurrentWrites).To(Equal(50))
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct{ document, message string }{
		"an empty file":    {"", `expected apiVersion "config.sharding.timebertt.dev/v1alpha1" and kind "SharderConfig"`},
		"another kind":     {"apiVersion: config.sharding.timebertt.dev/v1alpha1\nkind: ControllerRing", `"ControllerRing"`},
		"an unknown field": {header + "webhook: {port: 9443}", `unknown field "webhook.port"`},
		"a key twice":      {header + "health: {}\nhealth: {}", `"health" already set`},
		"no duration":      {header + "controller: {checkPeriod: often}", "controller.checkPeriod"},
		"two documents":    {header + "---\n" + header, "several"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := configv1alpha1.Decode([]byte(c.document))
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(c.message)))
		})
	}
}
