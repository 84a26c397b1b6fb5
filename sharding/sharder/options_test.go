// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"os"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/utils/clock"
)

func TestOptionsDefaults(t *testing.T) {
	g := NewWithT(t)
	hostname, err := os.Hostname()
	g.Expect(err).NotTo(HaveOccurred())

	options, others := Options{Namespace: "ns"}, Options{Namespace: "ns"}
	g.Expect(options.complete("my-ring")).To(Succeed())
	g.Expect(others.complete("my-ring")).To(Succeed())
	g.Expect(options.LeaseName).To(Equal("my-ring"))
	g.Expect(options.LeaseDuration).To(Equal(15 * time.Second))
	g.Expect(options.RenewDeadline).To(Equal(10 * time.Second))
	g.Expect(options.RetryPeriod).To(Equal(2 * time.Second))
	g.Expect(options.DrainTimeout).To(Equal(time.Minute))
	g.Expect(options.CheckPeriod).To(Equal(30 * time.Minute))
	g.Expect(options.Concurrency).To(Equal(50))
	g.Expect(options.Clock).To(Equal(clock.RealClock{}))
	g.Expect(options.identity).To(HavePrefix(hostname + "_"))
	g.Expect(options.identity).NotTo(Equal(others.identity), "two sharders on one host are two candidates")
}

func TestOptionsKeepWhatIsSet(t *testing.T) {
	g := NewWithT(t)
	options := Options{
		Namespace: "ns", LeaseName: "lease", LeaseDuration: 6 * time.Second, RenewDeadline: 5 * time.Second, RetryPeriod: time.Second,
		DrainTimeout: 7 * time.Second, CheckPeriod: time.Hour, Concurrency: 1,
	}
	completed := options
	g.Expect(completed.complete("my-ring")).To(Succeed())
	options.Clock, options.Log, options.identity = completed.Clock, completed.Log, completed.identity
	g.Expect(completed).To(Equal(options))
}

func TestOptionsRefuse(t *testing.T) {
	for title, test := range map[string]struct {
		options Options
		message string
	}{
		"no namespace":              {Options{}, "the namespace of the sharder's lease is required"},
		"a negative retry period":   {Options{Namespace: "ns", RetryPeriod: -1}, "retry period -1ns must be positive"},
		"too little room to retry":  {Options{Namespace: "ns", RetryPeriod: 9 * time.Second}, "renew deadline 10s must be longer than 1.2 times the retry period, 10.8s"},
		"a deadline after expiry":   {Options{Namespace: "ns", RenewDeadline: 15 * time.Second}, "lease duration 15s must be longer than renew deadline 15s"},
		"fractions of seconds":      {Options{Namespace: "ns", LeaseDuration: 10500 * time.Millisecond}, "lease duration 10.5s must be whole seconds"},
		"a negative drain timeout":  {Options{Namespace: "ns", DrainTimeout: -time.Second}, "drain timeout -1s must be positive"},
		"a negative check period":   {Options{Namespace: "ns", CheckPeriod: -time.Second}, "check period -1s must be positive"},
		"a concurrency of nothing":  {Options{Namespace: "ns", Concurrency: -1}, "concurrency -1 must be positive"},
		"several things at a time":  {Options{Concurrency: -1}, "concurrency -1 must be positive"},
		"several things at a time ": {Options{Concurrency: -1}, "the namespace of the sharder's lease is required"},
	} {
		t.Run(title, func(t *testing.T) {
			NewWithT(t).Expect(test.options.complete("my-ring")).To(MatchError(ContainSubstring(test.message)))
		})
	}
}
