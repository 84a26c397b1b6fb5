// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"maps"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

// Every test here changes the membership while all objects are being changed, and ends with the proof that no object
// had two writers.
var _ = Describe("Membership", func() {
	const objects = 40
	var r *testRing

	BeforeEach(func() {
		r = newTestRing()
		r.create(objects)
	})

	It("drains the share of a shard that joins, and nothing else", func() {
		r = newTestRing() // whose objects come when both shards are known, so that none has moved before
		r.start("shard-a", sharding.ModeBoth)
		r.start("shard-b", sharding.ModeBoth)
		Eventually(r.state).WithArguments("shard-a").Should(Equal("ready"))
		Eventually(r.state).WithArguments("shard-b").Should(Equal("ready"))
		r.create(objects)
		r.eventuallySettled("shard-a", "shard-b")
		before := r.owners(Default)
		stop := r.churn()

		r.start("shard-c", sharding.ModeBoth)
		Eventually(func(g Gomega) { g.Expect(r.owners(g)).To(ContainElement("shard-c")) }).Should(Succeed())
		stop()
		r.eventuallySettled("shard-a", "shard-b", "shard-c")

		moved := 0
		for name, owner := range r.owners(Default) {
			if owner != before[name] {
				Expect(owner).To(Equal("shard-c"), name)
				moved++
			}
		}
		Expect(moved).To(BeNumerically(">", 0))
		Eventually(r.handovers).Should(Equal(moved))
	})

	It("waits for the reconciles that are under way", func() {
		worker := r.start("shard-a", sharding.ModeBoth).worker
		r.eventuallySettled("shard-a")
		worker.sleep()
		for name := range r.owners(Default) {
			Expect(r.scale(inContext(), name, 3)).To(Succeed())
		}
		Eventually(worker.hanging).Should(HaveLen(5), "all workers")

		r.start("shard-b", sharding.ModeShard)
		Eventually(r.draining).ShouldNot(BeEmpty())
		Consistently(func(g Gomega) {
			g.Expect(r.owners(g)).To(HaveEach("shard-a"), "all workers are busy, so nobody lets objects go")
		}, "1s").Should(Succeed())
		worker.wake()
		r.eventuallySettled("shard-a", "shard-b")
		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0))
	})

	It("moves the objects of a shard that leaves", func() {
		r.start("shard-a", sharding.ModeBoth)
		r.start("shard-b", sharding.ModeBoth)
		leaver := r.start("shard-c", sharding.ModeBoth)
		r.eventuallySettled("shard-a", "shard-b", "shard-c")
		stop := r.churn()

		leaver.leave()
		Eventually(func(g Gomega) { g.Expect(r.owners(g)).NotTo(ContainElement("shard-c")) }).Should(Succeed())
		stop()
		r.eventuallySettled("shard-a", "shard-b")
		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0))
	})

	It("moves the objects of a shard that leaves and is the sharder", func() {
		leaver := r.start("shard-a", sharding.ModeBoth)
		r.eventuallyLed()
		r.start("shard-b", sharding.ModeBoth)
		r.eventuallySettled("shard-a", "shard-b")
		stop := r.churn()

		leaver.leave()
		stop()
		r.eventuallySettled("shard-b")
		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0))
	})

	It("moves the objects of a shard that crashes, which ends", func() {
		r.start("sharder", sharding.ModeSharder)
		crashed := r.expiring().start("shard-a", sharding.ModeShard)
		r.start("shard-b", sharding.ModeShard)
		r.start("shard-c", sharding.ModeShard)
		r.eventuallySettled("shard-a", "shard-b", "shard-c")
		stop := r.churn()

		crashed.crash()
		Eventually(crashed.ended).Should(Receive(HaveOccurred()))
		Eventually(func(g Gomega) { g.Expect(r.owners(g)).NotTo(ContainElement("shard-a")) }).Should(Succeed())
		stop()
		r.eventuallySettled("shard-b", "shard-c")
		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0))
	})

	It("moves the objects of a shard that crashes and is the sharder", func() {
		crashed := r.expiring().start("shard-a", sharding.ModeBoth)
		r.eventuallyLed()
		r.start("shard-b", sharding.ModeBoth)
		r.start("shard-c", sharding.ModeBoth)
		r.eventuallySettled("shard-a", "shard-b", "shard-c")
		stop := r.churn()

		crashed.crash()
		Eventually(func(g Gomega) { g.Expect(r.owners(g)).NotTo(ContainElement("shard-a")) }).Should(Succeed())
		stop()
		r.eventuallySettled("shard-b", "shard-c")
		r.expectNoInterleavedWrites()
	})

	It("survives that all shards crash at once, and gives the objects to those that come back", func() {
		r.start("sharder", sharding.ModeSharder)
		first, second := r.expiring().start("shard-a", sharding.ModeShard), r.expiring().start("shard-b", sharding.ModeShard)
		r.eventuallySettled("shard-a", "shard-b")
		stop := r.churn()

		first.crash()
		second.crash()
		Eventually(first.ended).Should(Receive(HaveOccurred()))
		Eventually(second.ended).Should(Receive(HaveOccurred()))
		r.start("shard-c", sharding.ModeShard)
		r.start("shard-a", sharding.ModeShard) // the same name once more
		Eventually(func(g Gomega) {
			owners := slices.Collect(maps.Values(r.owners(g)))
			g.Expect(owners).To(And(ContainElement("shard-c"), Not(ContainElement("shard-b"))))
		}).Should(Succeed())
		stop()
		r.eventuallySettled("shard-a", "shard-c")
		r.expectNoInterleavedWrites()
	})

	It("fences a shard that hangs instead of letting objects go", func() {
		r.drainTimeout = 2 * time.Second
		r.start("sharder", sharding.ModeSharder)
		impatient := r.expiring()
		impatient.shutdownTimeout = 0
		hanging := impatient.start("shard-a", sharding.ModeShard)
		r.eventuallySettled("shard-a")

		hanging.worker.sleep()
		for name := range r.owners(Default) {
			Expect(r.scale(inContext(), name, 3)).To(Succeed())
		}
		r.start("shard-b", sharding.ModeShard)
		Eventually(hanging.ended).Should(Receive(HaveOccurred()), "it has to stop when its lease is taken")
		hanging.worker.wake()
		r.eventuallySettled("shard-b")
		r.expectNoInterleavedWrites()
	})

	It("goes on when the sharder changes in the middle of a rebalancing", func() {
		first := r.expiring().start("sharder-1", sharding.ModeSharder)
		r.start("shard-a", sharding.ModeShard)
		r.eventuallySettled("shard-a")
		r.start("sharder-2", sharding.ModeSharder)
		stop := r.churn()

		r.start("shard-b", sharding.ModeShard)
		r.start("shard-c", sharding.ModeShard)
		Eventually(func(g Gomega) {
			g.Expect(r.owners(g)).To(Or(ContainElement("shard-b"), ContainElement("shard-c")))
		}).WithPolling(time.Millisecond).Should(Succeed())
		first.crash()
		stop()
		r.eventuallySettled("shard-a", "shard-b", "shard-c")
		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0))
	})
})

// draining returns the names of the objects that wait for their shard to let them go.
func (r *testRing) draining() []string {
	var names []string
	for _, deployment := range r.deployments(Default) {
		if _, draining := deployment.Labels["drain.alpha.sharding.timebertt.dev/"+r.Name]; draining {
			names = append(names, deployment.Name)
		}
	}
	return names
}

// churn changes one object after the other, all the time, until the returned function is called.
func (r *testRing) churn() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	names := slices.Sorted(maps.Keys(r.owners(Default)))
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for n := 0; ; n++ {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if err := r.scale(ctx, names[n%len(names)], n); client.IgnoreNotFound(err) != nil && ctx.Err() == nil {
					GinkgoWriter.Println("changing an object:", err)
				}
			}
		}
	}()
	stop = func() {
		cancel()
		<-done
	}
	DeferCleanup(stop)
	return stop
}
