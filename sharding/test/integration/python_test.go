// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"fmt"
	"maps"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

// A shard that knows neither this library nor controller-runtime, only the protocol, in one ring with a shard that is
// built on them, and with our sharder.
var _ = Describe("A shard in Python", func() {
	var (
		r      *testRing
		start  func() process
		python process
		stop   func()
	)

	BeforeEach(func() {
		r = newTestRing()
		start = func() process { return r.expiring().startPython("python") }

		r.create(50) // so many that every shard has some, whatever the namespace is called
		r.start("sharder", sharding.ModeSharder)
		python = start()
		r.eventuallySettled("python")
		stop = r.churn()
		r.start("go", sharding.ModeShard) // which drains the half of the objects
		r.eventuallyOwned("go", "python")
	})

	AfterEach(func() {
		stop()
		Expect(r.expectNoInterleavedWrites()).To(BeNumerically(">", 0), "objects changed hands")
	})

	It("shares the objects with one in Go, and lets go of those that it has to", func() {
		stop()
		r.eventuallySettled("go", "python")
		Expect(r.draining()).To(BeEmpty())
		Expect(python).NotTo(gexec.Exit())
	})

	It("gets its objects back when the one in Go leaves and comes again", func() {
		other := r.start("other", sharding.ModeShard)
		r.eventuallyOwned("go", "other", "python")
		other.leave()
		stop()
		r.eventuallySettled("go", "python")
	})

	It("hands everything over at once when it is asked to end", func() {
		python.leave()
		r.eventuallyOwned("go")
		python = r.startPython("python")
		r.eventuallyOwned("go", "python")

		python.leave()
		r.eventuallyOwned("go")
		stop()
		r.eventuallySettled("go")
	})

	It("is survived by its objects when it is killed, and comes back under its name", func() {
		python.Kill()
		r.eventuallyOwned("go")

		python = start()
		r.eventuallyOwned("go", "python")
		stop()
		r.eventuallySettled("go", "python")
	})

	It("writes nothing more when it wakes up after its time", func() {
		python.pause()
		r.eventuallyOwned("go")
		python.wake()
		Eventually(python).Should(gexec.Exit(1))
		stop()
		r.eventuallySettled("go")
	})

	It("ends when its lease is taken away", func() {
		Expect(apiServer.Delete(inContext(), r.lease("python"))).To(Succeed())
		Eventually(python).Should(gexec.Exit(1))
		stop()
		r.eventuallySettled("go")
	})

	It("waits while another process of its name holds the lease", func() {
		second := start()
		Consistently(second, shortLeaseDuration).ShouldNot(gexec.Exit())
		Expect(second.Err.Contents()).NotTo(ContainSubstring("Acquired"))
		python.leave()
		Eventually(second.Err.Contents).Should(ContainSubstring("Acquired"))
		stop()
		r.eventuallySettled("go", "python")
	})
})

var _ = Describe("The cache of a shard in Python", func() {
	It("passes its own tests", func() {
		tests := runProcess(pythonProgram(), "-B", "-m", "unittest", "discover", "--start-directory", "../../examples/python-shard", "--pattern", "*_test.py")
		Eventually(tests).Should(gexec.Exit(0))
	})
})

// startPython runs the shard in Python until the test ends or something else ends it.
func (r *testRing) startPython(name string) process {
	GinkgoHelper()
	return runProcess(pythonProgram(), "-B", "../../examples/python-shard/shard.py", "--kubeconfig", writeKubeconfig(),
		"--ring", r.Name, "--name", name, "--namespace", r.namespace,
		"--lease-duration", fmt.Sprint(r.leaseDuration.Seconds()),
		"--renew-deadline", fmt.Sprint(r.renewDeadline().Seconds()),
		"--retry-period", fmt.Sprint(retryPeriod.Seconds()),
	)
}

// eventuallyOwned waits until exactly these shards have objects, whether they have got round to them or not.
func (r *testRing) eventuallyOwned(shards ...string) {
	GinkgoHelper()
	Eventually(func(g Gomega) []string {
		return slices.Compact(slices.Sorted(maps.Values(r.owners(g))))
	}).Should(Equal(shards))
}
