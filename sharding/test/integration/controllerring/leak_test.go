// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring_test

import (
	"context"
	"fmt"
	"runtime"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// manyRings is how many rings come and go. A leak of one goroutine a ring is well above the noise of connections.
const manyRings = 200

// footprint is what the process holds: its goroutines, and its heap in bytes after a collection.
type footprint struct {
	goroutines int
	heap       uint64
}

func measure() footprint {
	runtime.GC()
	runtime.GC() // what finalizers held
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return footprint{goroutines: runtime.NumGoroutine(), heap: stats.HeapAlloc}
}

func (f footprint) String() string {
	return fmt.Sprintf("%d goroutines, %.1f MB heap", f.goroutines, float64(f.heap)/1e6)
}

var _ = Describe("Many rings", func() {
	It("leave nothing behind", func(ctx context.Context) {
		sharder := startSharder(restConfig, "many")
		Eventually(sharder.leads).Should(BeClosed())
		one := newRing(ctx, "first", "configmaps", "secrets") // what is made once is made now
		Eventually(readiness).WithContext(ctx).WithArguments(one).Should(HavePrefix("False NoShardAvailable"))
		Expect(api.Delete(ctx, one)).To(Succeed())
		Eventually(series).WithArguments("first").Should(BeEmpty())
		before := measure()

		rings := make([]*shardingv1alpha1.ControllerRing, manyRings)
		for i := range rings {
			rings[i] = newRing(ctx, fmt.Sprintf("many-%d", i), "configmaps")
		}
		for _, ring := range rings {
			Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(HavePrefix("False NoShardAvailable"))
		}
		during := measure()
		for _, ring := range rings {
			ring.Spec.Resources = []shardingv1alpha1.RingResource{mainOf("", "secrets")}
			Expect(api.Update(ctx, ring)).To(Succeed())
		}
		for _, ring := range rings {
			Eventually(func(g Gomega) {
				g.Expect(api.Get(ctx, client.ObjectKeyFromObject(ring), ring)).To(Succeed())
				g.Expect(ring.Status.ObservedGeneration).To(BeEquivalentTo(2))
			}).Should(Succeed())
		}
		for _, ring := range rings {
			Expect(api.Delete(ctx, ring)).To(Succeed())
		}
		for _, ring := range rings {
			Eventually(series).WithArguments(ring.Name).Should(BeEmpty())
		}

		Eventually(func() int { return measure().goroutines }).Should(BeNumerically("<", before.goroutines+manyRings/4))
		Eventually(func() uint64 { return measure().heap }).WithPolling(100 * time.Millisecond).
			Should(BeNumerically("<", before.heap+8<<20))
		AddReportEntry(fmt.Sprintf("%d rings created, changed and deleted", manyRings),
			fmt.Sprintf("before: %s; with all of them: %s; after: %s", before, during, measure()), ReportEntryVisibilityAlways)
	}, NodeTimeout(5*time.Minute))
})
