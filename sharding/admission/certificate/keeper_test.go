// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package certificate_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission/certificate"
)

const day = 24 * time.Hour

var (
	secretKey = types.NamespacedName{Namespace: "sharding-system", Name: "sharder-webhook"}
	hosts     = []string{"sharder.sharding-system.svc", "127.0.0.1"}
)

// cluster holds the Secret, and counts what is written to it.
type cluster struct {
	client client.WithWatch
	clock  *clocktesting.FakeClock
	writes int
}

func newCluster() *cluster {
	c := &cluster{clock: clocktesting.NewFakeClock(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))}
	c.client = fake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{
		Create: func(ctx context.Context, w client.WithWatch, o client.Object, options ...client.CreateOption) error {
			c.writes++
			return w.Create(ctx, o, options...)
		},
		Update: func(ctx context.Context, w client.WithWatch, o client.Object, options ...client.UpdateOption) error {
			c.writes++
			return w.Update(ctx, o, options...)
		},
	}).Build()
	return c
}

func (c *cluster) replica(hosts ...string) *certificate.Keeper {
	return c.replicaThatReads(c.client, hosts...)
}

func (c *cluster) replicaThatReads(reader client.Reader, hosts ...string) *certificate.Keeper {
	return certificate.New(reader, c.client, certificate.Options{Secret: secretKey, Hosts: hosts, Clock: c.clock})
}

func look(t *testing.T, k *certificate.Keeper) reconcile.Result {
	t.Helper()
	result, err := k.Reconcile(t.Context(), reconcile.Request{})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return result
}

func served(t *testing.T, s certificate.Source) *tls.Certificate {
	t.Helper()
	pair, err := s.GetCertificate(nil)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return pair
}

// expectTrusted fails unless who trusts the bundle trusts the server under all of its names.
func expectTrusted(t *testing.T, now time.Time, bundle []byte, pair *tls.Certificate) {
	t.Helper()
	g := NewWithT(t)
	roots := x509.NewCertPool()
	g.Expect(roots.AppendCertsFromPEM(bundle)).To(BeTrue())
	for _, host := range hosts {
		_, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: host, CurrentTime: now})
		g.Expect(err).NotTo(HaveOccurred())
	}
}

func TestKeeperMakesACertificateOnce(t *testing.T) {
	g := NewWithT(t)
	c := newCluster()
	k := c.replica(hosts...)
	calls := 0
	k.OnChange(func() { calls++ })

	g.Expect(k.CABundle()).To(BeEmpty())
	_, err := k.GetCertificate(nil)
	g.Expect(err).To(MatchError("there is no certificate yet"))
	g.Expect(k.Ready(nil)).NotTo(Succeed())

	look(t, k)
	g.Expect(k.Ready(nil)).To(Succeed())
	expectTrusted(t, c.clock.Now(), k.CABundle(), served(t, k))
	expectTrusted(t, c.clock.Now().Add(-59*time.Minute), k.CABundle(), served(t, k)) // an API server whose clock is slow
	first := served(t, k)

	look(t, k)
	look(t, c.replica(hosts...))
	g.Expect(c.writes).To(Equal(1))
	g.Expect(calls).To(Equal(1))
	g.Expect(served(t, k).Certificate).To(Equal(first.Certificate))
}

func TestReplicasThatRaceAgree(t *testing.T) {
	g := NewWithT(t)
	c := newCluster()
	late := true // what the second replica reads is old
	reader := interceptor.NewClient(c.client, interceptor.Funcs{
		Get: func(ctx context.Context, w client.WithWatch, k client.ObjectKey, o client.Object, options ...client.GetOption) error {
			if late {
				k.Name = "not-seen-yet"
			}
			return w.Get(ctx, k, o, options...)
		},
	})
	one, two := c.replica(hosts...), c.replicaThatReads(reader, hosts...)
	look(t, one)
	g.Expect(look(t, two).RequeueAfter).To(BeNumerically(">", 0))
	late = false
	look(t, two)

	g.Expect(served(t, two).Certificate).To(Equal(served(t, one).Certificate))
	g.Expect(two.CABundle()).To(Equal(one.CABundle()))

	// The same when it comes to the second certificate: one wins, and nothing that it wrote is lost.
	var before corev1.Secret
	g.Expect(c.client.Get(t.Context(), secretKey, &before)).To(Succeed())
	stale := fake.NewClientBuilder().WithObjects(&before).Build()
	c.clock.Step(61 * day)
	look(t, one)
	g.Expect(look(t, c.replicaThatReads(stale, hosts...)).RequeueAfter).To(BeNumerically(">", 0))
	look(t, two)
	g.Expect(two.CABundle()).To(Equal(one.CABundle()))
}

// TestRotation lives through 15 months, with API servers that learn of a bundle 21 hours after it changed, and a replica
// that looks only once in 12 hours. No request may fail.
func TestRotation(t *testing.T) {
	g := NewWithT(t)
	c := newCluster()
	prompt, slow := c.replica(hosts...), c.replica(hosts...)
	look(t, prompt)
	look(t, slow)
	var bundles [][]byte // one for each step
	certificates := map[string]bool{}
	next := look(t, prompt).RequeueAfter
	const step = 3 * time.Hour
	for i := range 450 * day / step {
		bundles = append(bundles, prompt.CABundle())
		known := bundles[max(0, len(bundles)-8)]
		expectTrusted(t, c.clock.Now(), known, served(t, prompt))
		expectTrusted(t, c.clock.Now(), known, served(t, slow))
		certificates[string(served(t, prompt).Certificate[0])] = true

		c.clock.Step(step)
		if next -= step; next <= 0 { // it looks only when it said that it would
			next = look(t, prompt).RequeueAfter
			g.Expect(next).To(BeNumerically(">", 0))
		}
		if i%4 == 0 {
			look(t, slow)
		}
	}
	g.Expect(c.writes).To(BeNumerically("~", 8, 1), "one in 60 days")
	g.Expect(len(certificates)).To(BeNumerically("~", 8, 1))

	var secret corev1.Secret
	g.Expect(c.client.Get(t.Context(), secretKey, &secret)).To(Succeed())
	g.Expect(len(secret.Data)).To(BeNumerically("<=", 2), "what has expired is removed")
}

func TestDeletedSecret(t *testing.T) {
	g := NewWithT(t)
	c := newCluster()
	k := c.replica(hosts...)
	look(t, k)
	before := served(t, k)

	g.Expect(c.client.DeleteAllOf(t.Context(), &corev1.Secret{}, client.InNamespace(secretKey.Namespace))).To(Succeed())
	look(t, k)
	g.Expect(served(t, k).Certificate).NotTo(Equal(before.Certificate), "who deletes it may have a reason")
	expectTrusted(t, c.clock.Now(), k.CABundle(), served(t, k))
}

func TestGarbage(t *testing.T) {
	for name, spoil := range map[string]func(map[string][]byte){
		"nothing": func(data map[string][]byte) { clear(data) },
		"no PEM": func(data map[string][]byte) {
			for key := range data {
				data[key] = []byte("garbage")
			}
		},
		"half of it": func(data map[string][]byte) {
			for key := range data {
				data[key] = data[key][:len(data[key])/2]
			}
		},
		"something else": func(data map[string][]byte) { data["notes"] = []byte("do not touch") },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			c := newCluster()
			k := c.replica(hosts...)
			look(t, k)
			var secret corev1.Secret
			g.Expect(c.client.Get(t.Context(), secretKey, &secret)).To(Succeed())
			spoil(secret.Data)
			g.Expect(c.client.Update(t.Context(), &secret)).To(Succeed())

			look(t, k)
			expectTrusted(t, c.clock.Now(), k.CABundle(), served(t, k))
			another := c.replica(hosts...)
			writes := c.writes
			look(t, another)
			g.Expect(c.writes).To(Equal(writes))
			g.Expect(served(t, another).Certificate).To(Equal(served(t, k).Certificate))
		})
	}
}

func TestReplicasWithOtherHostsDoNotFight(t *testing.T) {
	g := NewWithT(t)
	c := newCluster()
	before, after := c.replica("old.example.com"), c.replica(hosts...)
	for range 10 {
		look(t, before)
		look(t, after)
		c.clock.Step(time.Hour)
	}
	g.Expect(c.writes).To(Equal(2))
	g.Expect(served(t, before).Leaf.VerifyHostname("old.example.com")).To(Succeed())
	expectTrusted(t, c.clock.Now(), before.CABundle(), served(t, after))
}

func TestHostsForWhichThereIsNoCertificate(t *testing.T) {
	for _, hosts := range [][]string{nil, {""}, {"127.0.0.1", ""}} {
		c := newCluster()
		_, err := c.replica(hosts...).Reconcile(t.Context(), reconcile.Request{})
		g := NewWithT(t)
		g.Expect(err).To(HaveOccurred())
		g.Expect(c.writes).To(BeZero())
	}
}
