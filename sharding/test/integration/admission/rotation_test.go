// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"context"
	"crypto/tls"
	"net/http"
	"strconv"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission/certificate"
)

// The API server goes by the real time, so the keeper's clock begins in the past and catches up.
var _ = Describe("A certificate that nears its end", func() {
	const day = 24 * time.Hour

	It("is replaced without a request that is not answered", func(ctx context.Context) {
		clock := clocktesting.NewFakeClock(time.Now().Add(-61 * day)) // of 90
		keeper, err := certificate.NewForConfig(restConfig, certificate.Options{
			Secret: types.NamespacedName{Namespace: secretKey.Namespace, Name: "rotated"}, Hosts: []string{"127.0.0.1"}, Clock: clock,
		})
		Expect(err).NotTo(HaveOccurred())
		run(keeper.Start)
		Eventually(keeper.Ready).WithArguments((*http.Request)(nil)).Should(Succeed())
		url := serveOncePerConnection(ctx, keeper)
		namespace := newNamespace(ctx, map[string]string{labelSelected: "true"})
		trust := func() bool {
			GinkgoHelper()
			trusting := options()
			trusting.Server.URL, trusting.Server.CABundle = url, keeper.CABundle()
			return applyPatiently(ctx, trusting)
		}
		expectAnswered := func() {
			GinkgoHelper()
			for range 20 {
				probe := newDeployment(namespace, "probe")
				Expect(apiServer.Create(ctx, probe, client.DryRunAll)).To(Succeed())
				Expect(probe.Labels).To(HaveKey(labelShard))
			}
		}
		// look makes the keeper look at its certificates. Its cache may be behind, so that it has to look again.
		look := func(g Gomega) {
			_, err := keeper.Reconcile(ctx, reconcile.Request{})
			g.Expect(err).NotTo(HaveOccurred())
		}
		bundle := func(g Gomega) []byte {
			look(g)
			return keeper.CABundle()
		}
		serial := func(g Gomega) string {
			look(g)
			serving, err := keeper.GetCertificate(nil)
			g.Expect(err).NotTo(HaveOccurred())
			return serving.Leaf.SerialNumber.String()
		}
		trust()
		awaitWebhook(ctx, namespace)
		old, oldBundle := serial(Default), keeper.CABundle()

		By("making the next one, which nobody trusts yet")
		clock.Step(61 * day)
		Eventually(bundle).Should(And(HavePrefix(string(oldBundle)), Not(Equal(oldBundle))))
		expectAnswered()

		By("telling the API server to trust both")
		Expect(trust()).To(BeTrue())
		expectAnswered()
		Expect(serial(Default)).To(Equal(old))

		By("serving with the next one")
		clock.Step(day)
		Eventually(serial).ShouldNot(Equal(old))
		expectAnswered()

		By("forgetting the one that has expired")
		next := keeper.CABundle()[len(oldBundle):]
		clock.Step(29 * day)
		Eventually(bundle).Should(Equal(next))
		Expect(trust()).To(BeTrue())
		expectAnswered()
	})
})

// serveOncePerConnection answers each request in a connection of its own, so that the API server has to look at the
// certificate each time. It returns the server's URL.
func serveOncePerConnection(ctx context.Context, source certificate.Source) string {
	GinkgoHelper()
	port := freePort(ctx)
	server := webhook.NewServer(webhook.Options{
		Host: "127.0.0.1", Port: port,
		TLSOpts: []func(*tls.Config){func(config *tls.Config) { config.GetCertificate = source.GetCertificate }},
	})
	handler := admission.NewHandler(admission.Only(exampleRing()), GinkgoLogr)
	server.Register(admission.PathPrefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		handler.ServeHTTP(w, r)
	}))
	run(server.Start)
	return "https://127.0.0.1:" + strconv.Itoa(port)
}
