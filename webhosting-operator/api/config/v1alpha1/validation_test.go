// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/util/validation/field"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
)

func TestValidateAccepts(t *testing.T) {
	for name, document := range map[string]string{
		"a limit of requests":                      "clientConnection: {qps: 50, burst: 100}",
		"no limit of requests, whatever the burst": "clientConnection: {qps: -1, burst: 100}",
		"no election in a singleton":               "leaderElection: {leaderElect: false}",
		"no election in a shard":                   "leaderElection: {leaderElect: false}\nsharding: {mode: Shard}",
		"no servers":                               "health: {bindAddress: \"0\"}\nmetrics: {bindAddress: \"0\"}",
		"any free ports":                           "health: {bindAddress: 127.0.0.1:0}\nmetrics: {bindAddress: 127.0.0.1:0}",
		"an IPv6 address":                          `health: {bindAddress: "[::1]:8081"}`,
		"wildcard hosts":                           `ingress: {hosts: ["*.example.com", example.com], tls: [{hosts: ["*.example.com"]}]}`,
		"an image of a registry by its digest":     "webServer: {image: registry.example.com:5000/a/nginx@sha256:" + strings.Repeat("0", 64) + "}",
		"the longest name of a shard":              "sharding: {mode: Both, shardName: " + strings.Repeat("a", 63) + "}",
		"the name of a shard with dots":            "sharding: {mode: Both, shardName: host.example.com}",
		"the tightest times of a lease":            "sharding: {leaseDuration: 1s, renewDeadline: 999ms, retryPeriod: 832ms}",
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(configv1alpha1.Validate(decode(t, document))).To(BeEmpty())
		})
	}
}

func TestValidateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		document string
		field    string
		message  string
	}{
		"negative burst": {"clientConnection: {burst: -1}", "clientConnection.burst", "negative"},
		"limit without burst": {
			"clientConnection: {qps: 0.1}", "clientConnection.burst", "at least 1",
		},
		"sharder without election": {
			"leaderElection: {leaderElect: false}\nsharding: {mode: Sharder}", "leaderElection.leaderElect", "sharding mode",
		},
		"shard and sharder without election": {
			"leaderElection: {leaderElect: false}\nsharding: {mode: Both}", "leaderElection.leaderElect", "sharding mode",
		},
		"name of the lease":      {"leaderElection: {resourceName: Leader}", "leaderElection.resourceName", "RFC 1123 subdomain"},
		"namespace of the lease": {"leaderElection: {resourceNamespace: a.b}", "leaderElection.resourceNamespace", "must not contain dots"},
		"lease of a fraction of a second": {
			"leaderElection: {leaseDuration: 15500ms}", "leaderElection.leaseDuration", "whole seconds",
		},
		"lease shorter than a second": {
			"leaderElection: {leaseDuration: 500ms, renewDeadline: 300ms, retryPeriod: 100ms}",
			"leaderElection.leaseDuration", "at least 1s",
		},
		"lease not longer than the renew deadline": {
			"leaderElection: {leaseDuration: 10s}", "leaderElection.leaseDuration", "greater than renewDeadline (10s)",
		},
		"renew deadline not longer than the jittered retry period": {
			"leaderElection: {renewDeadline: 2.4s}", "leaderElection.renewDeadline", "1.2 times retryPeriod (2.4s)",
		},
		"negative retry period": {"leaderElection: {retryPeriod: -1s}", "leaderElection.retryPeriod", "greater than zero"},

		"address without a port":           {"health: {bindAddress: localhost}", "health.bindAddress", "host:port"},
		"port beyond the last":             {`health: {bindAddress: ":65536"}`, "health.bindAddress", "from 0 to 65535"},
		"port by name":                     {`metrics: {bindAddress: ":https"}`, "metrics.bindAddress", "port number"},
		"two servers on one address":       {`metrics: {bindAddress: ":8081"}`, "metrics.bindAddress", "health.bindAddress"},
		"certificate without TLS":          {"metrics: {secureServing: false, certDir: /certs}", "metrics.certDir", "secureServing"},
		"profiles without metrics":         {"metrics: {bindAddress: \"0\"}\ndebugging: {enableProfiling: true}", "debugging.enableProfiling", "metrics.bindAddress"},
		"contention without other profile": {"debugging: {enableContentionProfiling: true}", "debugging.enableContentionProfiling", "enableProfiling"},

		"key of an annotation":  {`ingress: {annotations: {"a b": c}}`, "ingress.annotations", "a b"},
		"host with capitals":    {"ingress: {hosts: [a.example.com, Example.com]}", "ingress.hosts[1]", "RFC 1123 subdomain"},
		"host with a port":      {`ingress: {hosts: ["example.com:80"]}`, "ingress.hosts[0]", "RFC 1123 subdomain"},
		"empty host":            {`ingress: {hosts: [""]}`, "ingress.hosts[0]", "RFC 1123 subdomain"},
		"host twice":            {"ingress: {hosts: [a.b, a.b]}", "ingress.hosts[1]", "a.b"},
		"host by address":       {"ingress: {hosts: [10.0.0.1]}", "ingress.hosts[0]", "IP address"},
		"wildcard in the midst": {`ingress: {hosts: ["a.*.com"]}`, "ingress.hosts[0]", "RFC 1123 subdomain"},
		"only a wildcard":       {`ingress: {hosts: ["*"]}`, "ingress.hosts[0]", "RFC 1123 subdomain"},
		"host of TLS":           {"ingress: {tls: [{}, {hosts: [a_b]}]}", "ingress.tls[1].hosts[0]", "RFC 1123 subdomain"},
		"secret of TLS":         {"ingress: {tls: [{secretName: a_b}]}", "ingress.tls[0].secretName", "RFC 1123 subdomain"},
		"ingress class":         {"ingress: {ingressClassName: a_b}", "ingress.ingressClassName", "RFC 1123 subdomain"},

		"image with capitals": {"webServer: {image: Nginx}", "webServer.image", "lowercase"},
		"image with a space":  {"webServer: {image: nginx latest}", "webServer.image", "invalid reference"},
		"no workers":          {"controllers: {website: {concurrentSyncs: -1}}", "controllers.website.concurrentSyncs", "at least 1"},

		"unknown mode":                    {"sharding: {mode: both}", "sharding.mode", `"None", "Both", "Sharder", "Shard"`},
		"shard with capitals":             {"sharding: {mode: Both, shardName: Shard}", "sharding.shardName", "RFC 1123 subdomain"},
		"shard with an underscore":        {"sharding: {mode: Both, shardName: a_b}", "sharding.shardName", "RFC 1123 subdomain"},
		"shard that is too long":          {"sharding: {mode: Both, shardName: " + strings.Repeat("a", 64) + "}", "sharding.shardName", "63"},
		"shard named though not sharding": {"sharding: {shardName: a_b}", "sharding.shardName", "RFC 1123 subdomain"},
		"shard named like the leader's lease": {
			"sharding: {mode: Both, shardName: webhosting-operator}", "sharding.shardName", "leaderElection.resourceName",
		},
		"negative drain timeout":      {"sharding: {drainTimeout: -1s}", "sharding.drainTimeout", "greater than zero"},
		"lease of a shard":            {"sharding: {leaseDuration: 9s}", "sharding.leaseDuration", "greater than renewDeadline"},
		"renew deadline of a shard":   {"sharding: {retryPeriod: 9s}", "sharding.renewDeadline", "10.8s"},
		"fraction in a shard's lease": {"sharding: {leaseDuration: 15.1s}", "sharding.leaseDuration", "whole seconds"},
		"retry period of a shard":     {"sharding: {retryPeriod: -1ns}", "sharding.retryPeriod", "greater than zero"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			errs := configv1alpha1.Validate(decode(t, c.document))
			g.Expect(errs).To(ConsistOf(Satisfy(func(err *field.Error) bool { return err.Field == c.field })))
			g.Expect(errs.ToAggregate()).To(MatchError(ContainSubstring(c.message)))
		})
	}
}

func TestValidateReportsEverything(t *testing.T) {
	config := decode(t, "sharding: {mode: none, shardName: a_b}\nhealth: {bindAddress: x}\ncontrollers: {website: {concurrentSyncs: -1}}")
	NewWithT(t).Expect(configv1alpha1.Validate(config)).To(HaveLen(4))
}

func decode(t *testing.T, document string) *configv1alpha1.WebhostingOperatorConfig {
	t.Helper()
	config, err := configv1alpha1.Decode([]byte(header + document))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return config
}
