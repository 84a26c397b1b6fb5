// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

var _ = Describe("Leases", func() {
	var r *testRing

	BeforeEach(func() {
		r = newTestRing()
		r.create(5)
	})

	It("shows the state of each shard to people", func() {
		r.start("sharder", sharding.ModeSharder)
		r.start("shard-a", sharding.ModeShard)
		leaver := r.start("shard-b", sharding.ModeShard)
		Eventually(r.state).WithArguments("shard-a").Should(Equal("ready"))
		Eventually(r.state).WithArguments("shard-b").Should(Equal("ready"))

		leaver.leave()
		Eventually(r.state).WithArguments("shard-b").Should(Equal("dead"))
		Expect(r.lease("shard-b").Spec.HolderIdentity).To(HaveValue(BeEmpty()))
	})

	It("makes a second process of the same name wait until the first has left", func() {
		r.start("sharder", sharding.ModeSharder)
		first := r.start("shard-a", sharding.ModeShard)
		r.eventuallySettled("shard-a")
		acquired := r.lease("shard-a").Spec.AcquireTime

		second := r.start("shard-a", sharding.ModeShard)
		Consistently(second.ended, 2*retryPeriod).ShouldNot(Receive())
		Expect(r.lease("shard-a").Spec.AcquireTime).To(Equal(acquired))

		first.leave()
		Eventually(func() *metav1.MicroTime { return r.lease("shard-a").Spec.AcquireTime }).ShouldNot(Equal(acquired))
		for name := range r.owners(Default) {
			Expect(r.scale(inContext(), name, 2)).To(Succeed())
		}
		r.eventuallySettled("shard-a")
	})

	It("ends a shard whose lease is deleted, and gives its objects away only then", func() {
		r.start("sharder", sharding.ModeSharder)
		victim := r.expiring().start("shard-a", sharding.ModeShard)
		r.start("shard-b", sharding.ModeShard)
		r.eventuallySettled("shard-a", "shard-b")
		stop := r.churn()

		Expect(apiServer.Delete(inContext(), r.lease("shard-a"))).To(Succeed())
		Eventually(victim.ended).Should(Receive(HaveOccurred()))
		Eventually(func(g Gomega) { g.Expect(r.owners(g)).NotTo(ContainElement("shard-a")) }).Should(Succeed())
		stop()
		r.eventuallySettled("shard-b")
		r.expectNoInterleavedWrites()
	})

	It("takes a lease that says nothing, and deletes it in the end", func() {
		garbage := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{
			Namespace: r.namespace, Name: "garbage",
			Labels: map[string]string{"alpha.sharding.timebertt.dev/controllerring": r.Name},
		}}
		garbage.Spec.HolderIdentity = &garbage.Name
		Expect(apiServer.Create(inContext(), garbage)).To(Succeed())

		r.start("sharder", sharding.ModeSharder)
		r.start("shard-a", sharding.ModeShard)
		r.start("shard-b", sharding.ModeShard)
		Eventually(r.state).WithArguments("garbage").Should(Equal("dead"))
		Expect(r.lease("garbage").Spec.HolderIdentity).To(HaveValue(Equal("shardlease-controller")))
		r.eventuallySettled("shard-a", "shard-b")

		longAgo := metav1.NewMicroTime(metav1.Now().AddDate(0, 0, -1))
		taken := r.lease("garbage")
		taken.Spec.RenewTime = &longAgo
		Expect(apiServer.Update(inContext(), taken)).To(Succeed())
		Eventually(func() error {
			return apiServer.Get(inContext(), client.ObjectKeyFromObject(garbage), &coordinationv1.Lease{})
		}).Should(MatchError(ContainSubstring("not found")))
	})
})

func (r *testRing) lease(name string) *coordinationv1.Lease {
	GinkgoHelper()
	lease := &coordinationv1.Lease{}
	Expect(apiServer.Get(inContext(), client.ObjectKey{Namespace: r.namespace, Name: name}, lease)).To(Succeed())
	return lease
}

// state returns the label that the sharder put on the shard's lease, or "".
func (r *testRing) state(name string) string {
	lease := &coordinationv1.Lease{}
	if err := apiServer.Get(inContext(), client.ObjectKey{Namespace: r.namespace, Name: name}, lease); err != nil {
		return ""
	}
	return lease.Labels["alpha.sharding.timebertt.dev/state"]
}

// eventuallyLed waits until the ring has a leading sharder.
func (r *testRing) eventuallyLed() {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		lease := &coordinationv1.Lease{}
		g.Expect(apiServer.Get(inContext(), client.ObjectKey{Namespace: r.namespace, Name: r.Name}, lease)).To(Succeed())
		g.Expect(lease.Spec.HolderIdentity).To(HaveValue(Not(BeEmpty())))
	}).Should(Succeed())
}
