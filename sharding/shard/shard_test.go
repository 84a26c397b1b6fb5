// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard_test

import (
	"os"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/shard"
)

var testRing = sharding.Ring{Name: "my-ring", Kinds: []sharding.Kind{{Main: &appsv1.Deployment{}}}}

func TestNewRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		options shard.Options
		message string
	}{
		"no namespace":     {shard.Options{Name: "shard-1"}, "the namespace of the shard lease is required"},
		"an invalid name":  {shard.Options{Name: "Shard", Namespace: "ns"}, `shard name "Shard": a lowercase RFC 1123 subdomain must consist of`},
		"the ring's name":  {shard.Options{Name: "my-ring", Namespace: "ns"}, `shard name "my-ring": it is the name of the ring`},
		"a lease too long": {shard.Options{Name: "shard-1", Namespace: "ns", RenewDeadline: 15 * time.Second}, "lease duration 15s must be longer than renew deadline 15s"},
		"a lease too short": {
			shard.Options{Name: "shard-1", Namespace: "ns", LeaseDuration: 9 * time.Second}, "lease duration 9s must be longer than renew deadline 10s",
		},
		"fractions of seconds": {
			shard.Options{Name: "shard-1", Namespace: "ns", LeaseDuration: 10500 * time.Millisecond}, "lease duration 10.5s must be whole seconds",
		},
		"a negative lease duration": {
			shard.Options{Name: "shard-1", Namespace: "ns", LeaseDuration: -time.Second}, "lease duration -1s must be longer than renew deadline 10s",
		},
		"a negative renew deadline": {
			shard.Options{Name: "shard-1", Namespace: "ns", RenewDeadline: -time.Second}, "renew deadline -1s must be longer than 1.2 times the retry period, 2.4s",
		},
		"a negative retry period": {
			shard.Options{Name: "shard-1", Namespace: "ns", RetryPeriod: -time.Second}, "retry period -1s must be positive",
		},
		"a retry period with too little room": {
			shard.Options{Name: "shard-1", Namespace: "ns", RenewDeadline: 12 * time.Second, RetryPeriod: 10 * time.Second},
			"renew deadline 12s must be longer than 1.2 times the retry period, 12s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			s, err := shard.New(testRing, test.options)
			g.Expect(err).To(MatchError(ContainSubstring(test.message)))
			g.Expect(s).To(BeNil())
		})
	}
}

func TestNewReportsEverything(t *testing.T) {
	_, err := shard.New(testRing, shard.Options{Name: "a_b", LeaseDuration: 1500 * time.Millisecond, RenewDeadline: 2 * time.Second})
	NewWithT(t).Expect(err).To(MatchError(And(
		ContainSubstring(`shard name "a_b"`),
		ContainSubstring("the namespace of the shard lease is required"),
		ContainSubstring("must be longer than renew deadline"),
		ContainSubstring("must be longer than 1.2 times"),
		ContainSubstring("must be whole seconds"),
	)))
}

func TestNewTakesTheHostNameByDefault(t *testing.T) {
	g := NewWithT(t)
	hostname, err := os.Hostname()
	g.Expect(err).NotTo(HaveOccurred())

	s, err := shard.New(testRing, shard.Options{Namespace: "ns"})
	if shard.ValidateName(hostname) != nil {
		g.Expect(err).To(MatchError(ContainSubstring(hostname)), "a host name that cannot be a shard name is refused like any other")
		return
	}
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Name()).To(Equal(hostname))
}

func TestLabels(t *testing.T) {
	g := NewWithT(t)
	s, err := shard.New(testRing, shard.Options{Name: "shard-1", Namespace: "ns"})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(s.Name()).To(Equal("shard-1"))
	g.Expect(s.Labels()).To(Equal(map[string]string{"shard.alpha.sharding.timebertt.dev/my-ring": "shard-1"}))

	s.Labels()["another"] = "label"
	g.Expect(s.Labels()).To(HaveLen(1), "what a caller adds is nobody else's")
}

func TestValidateName(t *testing.T) {
	for name, message := range map[string]string{
		"a":                                 "",
		"0":                                 "",
		"webhosting-operator-7d9c5b8f-x2k4": "",
		"ip-10-0-0-1.ec2.internal":          "",
		strings.Repeat("a", 63):             "",

		"":                      "a lowercase RFC 1123 subdomain must consist of",
		"Shard":                 "a lowercase RFC 1123 subdomain must consist of",
		"shard_1":               "a lowercase RFC 1123 subdomain must consist of",
		"-shard":                "a lowercase RFC 1123 subdomain must consist of",
		"shard-":                "a lowercase RFC 1123 subdomain must consist of",
		"shard.":                "a lowercase RFC 1123 subdomain must consist of",
		"a..b":                  "a lowercase RFC 1123 subdomain must consist of",
		"a/b":                   "a lowercase RFC 1123 subdomain must consist of",
		"schärd":                "a lowercase RFC 1123 subdomain must consist of",
		strings.Repeat("a", 64): "must be no more than 63",
		"shardlease-controller": "it is reserved for the sharder",
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			err := shard.ValidateName(name)
			if message == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(And(HavePrefix(`shard name "`+name+`": `), ContainSubstring(message))))
		})
	}
}
