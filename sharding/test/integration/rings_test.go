// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var _ = Describe("Rings that come and go", func() {
	It("leave nothing behind", func() {
		r := newTestRing()
		r.create(1)
		r.announce("shard-a")
		d := startDedicated(restConfig)
		rounds := func(count int) {
			for range count {
				ring := d.lead(r.scope())
				Eventually(func(g Gomega) { g.Expect(r.owners(g)).To(HaveEach("shard-a")) }).Should(Succeed())
				Eventually(ring.shards.Synced).Should(BeTrue())
				selected := r.scope()
				selected.Namespaces = selectTeam("nobody")
				Eventually(series).WithArguments(r.Name).ShouldNot(BeEmpty())
				ring.stop()

				ring = d.lead(selected) // the ring is changed
				Eventually(ring.shards.Synced).Should(BeTrue())
				ring.stop()
			}
		}
		rounds(3) // connections and caches of the process itself come into being
		http.DefaultClient.CloseIdleConnections()
		before := runtime.NumGoroutine()
		rounds(30)
		Eventually(runtime.NumGoroutine).Should(BeNumerically("<=", before+3), func() string { return goroutines() })
		Expect(series(r.Name)).To(BeEmpty())
	})

	It("are led side by side, each by its own shards", func() {
		d := startDedicated(restConfig)
		first, second := newTestRing(), newTestRing()
		first.announce("shard-1")
		second.announce("shard-2")
		first.create(3)
		leads := d.lead(first.scope())
		d.lead(second.scope())
		Eventually(func(g Gomega) {
			g.Expect(first.owners(g)).To(HaveEach("shard-1"))
			second.namespace = first.namespace // both rings are of all Deployments
			g.Expect(second.owners(g)).To(HaveEach("shard-2"))
		}).Should(Succeed())
		Expect(leads.shards.Membership().Available()).To(Equal([]string{"shard-1"}))
		Expect(leads.shards.Duplicates()).To(BeEmpty())
	})

	It("count the older of two leases of one name only", func() {
		r, other := newTestRing(), newTestRing()
		d := startDedicated(restConfig)
		ring := d.lead(r.scope())
		r.announce("shard-a")
		Eventually(func() []string { return ring.shards.Membership().Available() }).Should(Equal([]string{"shard-a"}))
		Eventually(func() string { return r.state("shard-a") }).Should(Equal("ready"))

		other.Name = r.Name
		r.release("shard-a")
		other.announce("shard-a") // times of creation have whole seconds: the name of the namespace may decide
		Eventually(ring.shards.Duplicates).Should(HaveExactElements(HaveField("Shard", "shard-a")))
		counts := ring.shards.Duplicates()[0].Namespace
		if counts == r.namespace {
			Consistently(func() []string { return ring.shards.Membership().Available() }, "200ms").Should(BeEmpty())
			Expect(other.state("shard-a")).To(BeEmpty(), "the other is not written to")
		}
	})
})

// series returns the metric series of the ring.
func series(ring string) []string {
	GinkgoHelper()
	families, err := metrics.Registry.Gather()
	Expect(err).NotTo(HaveOccurred())
	var found []string
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			if strings.Contains(metric.String(), fmt.Sprintf("%q", ring)) {
				found = append(found, family.GetName())
			}
		}
	}
	return found
}

func goroutines() string {
	stacks := make([]byte, 1<<20)
	return string(stacks[:runtime.Stack(stacks, true)])
}
