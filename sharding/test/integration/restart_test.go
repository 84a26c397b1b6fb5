// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

// A process may acquire the lease of a shard in the very moment in which the sharder moves the shard's objects away,
// since nobody held the lease. That is so when a second process of the same name waits for the first to leave.
var _ = Describe("A restart under the same name", func() {
	const objects = 100
	var (
		r             *testRing
		sharder       *instance
		first, second *instance
	)

	BeforeEach(func() {
		r = newTestRing()
		r.create(objects)
		sharder = r.start("sharder", sharding.ModeSharder)
		r.start("shard-b", sharding.ModeShard)
		first = r.start("shard-a", sharding.ModeShard)
		r.eventuallySettled("shard-a", "shard-b")
		second = r.start("shard-a", sharding.ModeShard)
		Consistently(second.ended, 2*retryPeriod).ShouldNot(Receive()) // until it has filled its caches and waits
	})

	// acquireDuringMoves makes the first process leave, and the second acquire the lease when the sharder has sent moves
	// that have not arrived. It returns when that was.
	acquireDuringMoves := func() time.Time {
		GinkgoHelper()
		before := r.lease("shard-a").Spec.AcquireTime
		second.network.hold(concernsLeases)
		sharder.network.hold(movesOf(r))
		first.leave()
		Eventually(sharder.network.keeps).Should(BeNumerically(">", 0))
		second.network.release()
		return r.eventuallyAcquired("shard-a", before)
	}

	It("does not work on anything while moves are under way", func() {
		acquired := acquireDuringMoves()
		r.giveWork("shard-a")
		Consistently(func(g Gomega) {
			g.Expect(r.state("shard-a")).NotTo(Equal("ready"))
			for name, events := range r.writes(g) {
				last := events[len(events)-1]
				g.Expect(last.shard() == "shard-a" && last.Received.After(acquired)).To(BeFalse(), name)
			}
		}, "1s").Should(Succeed())

		sharder.network.release()
		r.eventuallySettled("shard-a", "shard-b")
		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0))
	})

	It("does not work on what its cache only remembers", func() {
		before := r.lease("shard-a").Spec.AcquireTime
		second.network.hold(func(request *http.Request) bool { return concernsLeases(request) || watchesDeployments(request) })
		sharder.network.hold(drainsOf(r)) // so that what was moved away does not come back
		first.leave()
		Eventually(func(g Gomega) { g.Expect(r.owners(g)).NotTo(ContainElement("shard-a")) }).Should(Succeed())
		second.network.hold(watchesDeployments)
		r.eventuallyAcquired("shard-a", before)
		Eventually(r.state).WithArguments("shard-a").Should(Equal("ready"))
		Consistently(func(g Gomega) { g.Expect(r.owners(g)).NotTo(ContainElement("shard-a")) }, "1s").Should(Succeed())
		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0))

		second.network.release()
		sharder.network.release()
		r.eventuallySettled("shard-a", "shard-b")
		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0))
	})

	It("never has two shards at work on one object, however often it happens", func() {
		for range 4 {
			second.worker.think(50 * time.Millisecond) // so that it would be at work when the moves arrive
			acquireDuringMoves()
			r.giveWork("shard-a")
			Consistently(r.state, "200ms").WithArguments("shard-a").ShouldNot(Equal("ready"))
			sharder.network.release()

			first, second = second, r.start("shard-a", sharding.ModeShard)
			r.eventuallySettled("shard-a", "shard-b")
			Consistently(second.ended, 2*retryPeriod).ShouldNot(Receive())
		}
		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0))
	})

	It("goes on with what it is assigned while no sharder runs", func() {
		sharder.leave()
		second.leave()
		before := r.lease("shard-a").Spec.AcquireTime
		first.leave()
		r.expiring().start("shard-a", sharding.ModeShard) // which works if no sharder calls it ready for as long as its lease lasts
		r.eventuallyAcquired("shard-a", before)
		for name := range r.owners(Default) {
			Expect(r.scale(inContext(), name, 7)).To(Succeed())
		}
		r.eventuallySettled("shard-a", "shard-b")
	})
})

// eventuallyAcquired waits until another process has acquired the shard's lease, and returns when it did.
func (r *testRing) eventuallyAcquired(name string, before *metav1.MicroTime) time.Time {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		lease := r.lease(name)
		g.Expect(lease.Spec.HolderIdentity).To(HaveValue(Equal(name)))
		g.Expect(lease.Spec.AcquireTime).NotTo(Equal(before))
	}).Should(Succeed())
	return r.lease(name).Spec.AcquireTime.Time
}

// giveWork makes the shard write to all its objects, without changing the objects themselves.
func (r *testRing) giveWork(shard string) {
	GinkgoHelper()
	Expect(apiServer.DeleteAllOf(inContext(), &corev1.ConfigMap{}, client.InNamespace(r.namespace),
		client.MatchingLabels{"shard.alpha.sharding.timebertt.dev/" + r.Name: shard})).To(Succeed())
}
