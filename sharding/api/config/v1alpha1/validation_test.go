// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1_test

import (
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/util/validation/field"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/config/v1alpha1"
)

func TestValidateAccepts(t *testing.T) {
	for name, document := range map[string]string{
		"no webhook":             `webhook: {bindAddress: "0"}`,
		"any free ports":         "metrics: {bindAddress: \":0\"}\nhealth: {bindAddress: \":0\"}",
		"a URL":                  `webhook: {url: "https://[::1]:9443"}`,
		"a URL without a port":   `webhook: {url: "https://sharder.example.com"}`,
		"a provided certificate": `webhook: {certificate: {mode: Provided, directory: /certs}}`,
		"no election":            `leaderElection: {leaderElect: false}`,
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(configv1alpha1.Validate(decode(t, document))).To(BeEmpty())
		})
	}
}

func TestValidateRefuses(t *testing.T) {
	for name, c := range map[string]struct{ document, field, message string }{
		"namespace":                   {"namespace: a.b", "namespace", "must not contain dots"},
		"limit without burst":         {"clientConnection: {qps: 0.1}", "clientConnection.burst", "at least 1"},
		"name of the lease":           {"leaderElection: {resourceName: a_b}", "leaderElection.resourceName", "RFC 1123"},
		"namespace of the lease":      {"leaderElection: {resourceNamespace: a_b}", "leaderElection.resourceNamespace", "RFC 1123"},
		"times of the lease":          {"leaderElection: {leaseDuration: 9s}", "leaderElection.leaseDuration", "greater than renewDeadline"},
		"address of health":           {"health: {bindAddress: here}", "health.bindAddress", "host:port"},
		"address of metrics":          {"metrics: {bindAddress: here}", "metrics.bindAddress", "host:port"},
		"metrics beside health":       {`metrics: {bindAddress: ":8081"}`, "metrics.bindAddress", "health.bindAddress"},
		"contention without profiles": {"debugging: {enableContentionProfiling: true}", "debugging.enableContentionProfiling", "enableProfiling"},
		"address of the webhook":      {`webhook: {bindAddress: ":x"}`, "webhook.bindAddress", "port number"},
		"any port of the webhook":     {`webhook: {bindAddress: ":0"}`, "webhook.bindAddress", "can find"},
		"webhook beside health":       {`webhook: {bindAddress: ":8081"}`, "webhook.bindAddress", "health.bindAddress"},
		"webhook beside metrics":      {`webhook: {bindAddress: ":8080"}`, "webhook.bindAddress", "metrics.bindAddress"},
		"service":                     {"webhook: {serviceName: 1a}", "webhook.serviceName", "DNS-1035"},
		"URL without TLS":             {`webhook: {url: "http://a:1"}`, "webhook.url", "https://host:port"},
		"URL with a path":             {`webhook: {url: "https://a:1/b"}`, "webhook.url", "without a path"},
		"URL with a user":             {`webhook: {url: "https://u:p@a:1"}`, "webhook.url", "https://host:port"},
		"URL without a host":          {`webhook: {url: "https://:1"}`, "webhook.url", "https://host:port"},
		"unknown mode":                {"webhook: {certificate: {mode: generated}}", "webhook.certificate.mode", `"Generated", "Provided"`},
		"directory of a generated certificate": {
			"webhook: {certificate: {directory: /certs}}", "webhook.certificate.directory", "mode Generated",
		},
		"secret of a generated certificate": {
			"webhook: {certificate: {secretName: a_b}}", "webhook.certificate.secretName", "RFC 1123",
		},
		"secret of a provided certificate": {
			"webhook: {certificate: {mode: Provided, directory: /certs, secretName: a}}", "webhook.certificate.secretName", "mode Provided",
		},
		"provided certificate without a directory": {
			"webhook: {certificate: {mode: Provided}}", "webhook.certificate.directory", "mode Provided needs it",
		},
		"injection into a generated certificate": {
			"webhook: {certificate: {injectCAFrom: a/b}}", "webhook.certificate.injectCAFrom", "mode Generated",
		},
		"injection without a namespace": {
			"webhook: {certificate: {mode: Provided, directory: /certs, injectCAFrom: a}}",
			"webhook.certificate.injectCAFrom", "namespace/name",
		},
		"drain timeout":     {"controller: {drainTimeout: -1s}", "controller.drainTimeout", "greater than zero"},
		"check period":      {"controller: {checkPeriod: -1s}", "controller.checkPeriod", "greater than zero"},
		"concurrent writes": {"controller: {concurrentWrites: -1}", "controller.concurrentWrites", "at least 1"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			errs := configv1alpha1.Validate(decode(t, c.document))
			g.Expect(errs).To(ConsistOf(Satisfy(func(err *field.Error) bool { return err.Field == c.field })))
			g.Expect(errs.ToAggregate()).To(MatchError(ContainSubstring(c.message)))
		})
	}
}
