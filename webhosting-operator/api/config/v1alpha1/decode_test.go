// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
)

const header = "apiVersion: config.webhosting.timebertt.dev/v1alpha1\nkind: WebhostingOperatorConfig\n"

func TestDecodeEveryField(t *testing.T) {
	g := NewWithT(t)
	config, err := configv1alpha1.Decode([]byte(header + `
clientConnection: {kubeconfig: /etc/kubeconfig, qps: 20, burst: 30}
leaderElection:
  leaderElect: false
  resourceName: leader
  resourceNamespace: somewhere
  leaseDuration: 30s
  renewDeadline: 20s
  retryPeriod: 3s
health: {bindAddress: ":1"}
metrics: {bindAddress: ":2", secureServing: false, certDir: /etc/certs}
debugging: {enableProfiling: true, enableContentionProfiling: true}
ingress:
  annotations: {a: b}
  hosts: [example.com]
  tls: [{hosts: [example.com], secretName: tls}]
  ingressClassName: nginx
webServer: {image: nginx}
controllers: {website: {concurrentSyncs: 3}}
sharding:
  mode: Shard
  shardName: shard-1
  drainTimeout: 2m
  leaseDuration: 40s
  renewDeadline: 35s
  retryPeriod: 1.5s
`))
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(config.ClientConnection).To(Equal(componentconfig.ClientConnection{Kubeconfig: "/etc/kubeconfig", QPS: 20, Burst: 30}))
	g.Expect(*config.LeaderElection.LeaderElect).To(BeFalse())
	g.Expect(config.LeaderElection.ResourceName).To(Equal("leader"))
	g.Expect(config.LeaderElection.ResourceNamespace).To(Equal("somewhere"))
	g.Expect(times(config.LeaderElection.LeaseTimes)).To(HaveExactElements(30*time.Second, 20*time.Second, 3*time.Second))
	g.Expect(config.Health.BindAddress).To(Equal(":1"))
	g.Expect(config.Metrics.BindAddress).To(Equal(":2"))
	g.Expect(*config.Metrics.SecureServing).To(BeFalse())
	g.Expect(config.Metrics.CertDir).To(Equal("/etc/certs"))
	g.Expect(config.Debugging).To(Equal(componentconfig.Debugging{EnableProfiling: true, EnableContentionProfiling: true}))
	g.Expect(config.Ingress).To(Equal(configv1alpha1.Ingress{
		Annotations:      map[string]string{"a": "b"},
		Hosts:            []string{"example.com"},
		TLS:              []networkingv1.IngressTLS{{Hosts: []string{"example.com"}, SecretName: "tls"}},
		IngressClassName: "nginx",
	}))
	g.Expect(config.WebServer.Image).To(Equal("nginx"))
	g.Expect(config.Controllers.Website.ConcurrentSyncs).To(Equal(3))
	g.Expect(config.Sharding.Mode).To(Equal(configv1alpha1.ShardingModeShard))
	g.Expect(config.Sharding.ShardName).To(Equal("shard-1"))
	g.Expect(config.Sharding.DrainTimeout.Duration).To(Equal(2 * time.Minute))
	g.Expect(times(config.Sharding.LeaseTimes)).To(HaveExactElements(40*time.Second, 35*time.Second, 1500*time.Millisecond))
}

func TestDecodeDefaults(t *testing.T) {
	for name, document := range map[string]string{
		"YAML":                     header,
		"YAML with empty sections": header + "sharding: {}\nmetrics:\n",
		"YAML after a separator":   "# a comment\n---\n" + header + "---\n",
		"JSON":                     `{"apiVersion": "config.webhosting.timebertt.dev/v1alpha1", "kind": "WebhostingOperatorConfig"}`,
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			config, err := configv1alpha1.Decode([]byte(document))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(configv1alpha1.Validate(config)).To(BeEmpty())

			g.Expect(config.ClientConnection).To(Equal(componentconfig.ClientConnection{QPS: -1}))
			g.Expect(*config.LeaderElection.LeaderElect).To(BeTrue())
			g.Expect(config.LeaderElection.ResourceName).To(Equal("webhosting-operator"))
			g.Expect(config.LeaderElection.ResourceNamespace).To(BeEmpty())
			g.Expect(times(config.LeaderElection.LeaseTimes)).To(HaveExactElements(15*time.Second, 10*time.Second, 2*time.Second))
			g.Expect(config.Health.BindAddress).To(Equal(":8081"))
			g.Expect(config.Metrics.BindAddress).To(Equal(":8443"))
			g.Expect(*config.Metrics.SecureServing).To(BeTrue())
			g.Expect(config.Debugging).To(BeZero())
			g.Expect(config.Ingress).To(BeZero())
			g.Expect(config.WebServer.Image).To(Equal("nginxinc/nginx-unprivileged:1.29"))
			g.Expect(config.Controllers.Website.ConcurrentSyncs).To(Equal(15))
			g.Expect(config.Sharding.Mode).To(Equal(configv1alpha1.ShardingModeNone))
			g.Expect(config.Sharding.ShardName).To(BeEmpty())
			g.Expect(config.Sharding.DrainTimeout.Duration).To(Equal(time.Minute))
			g.Expect(times(config.Sharding.LeaseTimes)).To(HaveExactElements(15*time.Second, 10*time.Second, 2*time.Second))
		})
	}
}

func TestDecodeDefaultBurst(t *testing.T) {
	g := NewWithT(t)
	config, err := configv1alpha1.Decode([]byte(header + "clientConnection: {qps: 12.5}"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(config.ClientConnection.Burst).To(Equal(25))
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		document string
		errors   []string
	}{
		"an empty file": {
			"", []string{`expected apiVersion "config.webhosting.timebertt.dev/v1alpha1" and kind "WebhostingOperatorConfig", got "" and ""`},
		},
		"a file of comments": {"# nothing\n", []string{`got "" and ""`}},
		"no kind": {
			"apiVersion: config.webhosting.timebertt.dev/v1alpha1\n",
			[]string{`got "config.webhosting.timebertt.dev/v1alpha1" and ""`},
		},
		"another kind": {
			"apiVersion: config.webhosting.timebertt.dev/v1alpha1\nkind: Website\n",
			[]string{`got "config.webhosting.timebertt.dev/v1alpha1" and "Website"`},
		},
		"another version": {
			"apiVersion: config.webhosting.timebertt.dev/v2\nkind: WebhostingOperatorConfig\n",
			[]string{`got "config.webhosting.timebertt.dev/v2" and "WebhostingOperatorConfig"`},
		},
		"two documents":          {header + "---\n" + header, []string{"expected one document, got several"}},
		"no YAML":                {"\t:", []string{"yaml:"}},
		"an unknown section":     {header + "webserver: {}", []string{`unknown field "webserver"`}},
		"several unknown fields": {header + "foo: 1\ningress: {host: [a]}", []string{`unknown field "foo"`, `unknown field "ingress.host"`}},
		"an unknown field in a list": {
			header + "ingress: {tls: [{hosts: [a], secret: b}]}", []string{`unknown field "ingress.tls[0].secret"`},
		},
		"a duplicate section":        {header + "health: {}\nhealth: {}", []string{`key "health" already set`}},
		"a duplicate field":          {header + "health: {bindAddress: a, bindAddress: b}", []string{`key "bindAddress" already set`}},
		"a string for a list":        {header + "ingress: {hosts: a}", []string{"ingress.hosts"}},
		"a number for a string":      {header + "health: {bindAddress: 80}", []string{"health.bindAddress"}},
		"a fraction for a number":    {header + "controllers: {website: {concurrentSyncs: 1.5}}", []string{"controllers.website.concurrentSyncs"}},
		"a number for a duration":    {header + "sharding: {drainTimeout: 15}", []string{"sharding.drainTimeout"}},
		"a duration without a unit":  {header + `leaderElection: {renewDeadline: "15"}`, []string{"leaderElection.renewDeadline", `"15"`}},
		"durations of unknown units": {header + "sharding: {leaseDuration: 15x, retryPeriod: 2y}", []string{"sharding.leaseDuration", `"15x"`, "sharding.retryPeriod", `"2y"`}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			config, err := configv1alpha1.Decode([]byte(c.document))
			for _, message := range c.errors {
				g.Expect(err).To(MatchError(ContainSubstring(message)))
			}
			g.Expect(config).To(BeNil())
		})
	}
}

func times(t componentconfig.LeaseTimes) []time.Duration {
	return []time.Duration{t.LeaseDuration.Duration, t.RenewDeadline.Duration, t.RetryPeriod.Duration}
}
