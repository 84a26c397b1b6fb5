// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

var _ = Describe("Assignment", func() {
	var r *testRing

	BeforeEach(func() { r = newTestRing() })

	It("assigns the objects that exist and those that come", func() {
		r.create(30) // so many that both have some, whatever the namespace is called
		r.start("shard-a", sharding.ModeBoth)
		r.start("shard-b", sharding.ModeBoth)
		r.eventuallySettled("shard-a", "shard-b")
		Expect(r.owners(Default)).To(And(ContainElement("shard-a"), ContainElement("shard-b")))

		Expect(apiServer.DeleteAllOf(inContext(), &appsv1.Deployment{}, client.InNamespace(r.namespace))).To(Succeed())
		r.create(10)
		r.eventuallySettled("shard-a", "shard-b")
	})

	It("assigns nothing as long as there is no shard, and everything once there is one", func() {
		r.create(5)
		r.start("sharder", sharding.ModeSharder)
		r.eventuallyLed()
		Expect(r.owners(Default)).To(HaveEach(BeEmpty()))

		r.start("shard-a", sharding.ModeShard)
		r.eventuallySettled("shard-a")
	})

	It("assigns an object again when its labels are removed by hand", func() {
		r.create(5)
		r.start("sharder", sharding.ModeSharder)
		r.start("shard-a", sharding.ModeShard)
		r.start("shard-b", sharding.ModeShard)
		r.eventuallySettled("shard-a", "shard-b")

		for _, deployment := range r.deployments(Default) {
			deployment.Labels = nil
			Expect(apiServer.Update(inContext(), &deployment)).To(Succeed())
		}
		r.eventuallySettled("shard-a", "shard-b")
	})

	It("lets a shard acknowledge a drain that somebody else asked for", func() {
		r.create(1)
		r.start("shard-a", sharding.ModeBoth)
		r.eventuallySettled("shard-a")

		deployment := r.deployments(Default)[0]
		deployment.Labels["drain.alpha.sharding.timebertt.dev/"+r.Name] = "please"
		Expect(apiServer.Update(inContext(), &deployment)).To(Succeed())
		r.eventuallySettled("shard-a")
	})

	It("moves an object that is assigned to a shard that never was", func() {
		r.create(1)
		deployment := r.deployments(Default)[0]
		deployment.Labels = map[string]string{"shard.alpha.sharding.timebertt.dev/" + r.Name: "nobody"}
		Expect(apiServer.Update(inContext(), &deployment)).To(Succeed())

		r.start("shard-a", sharding.ModeBoth)
		r.eventuallySettled("shard-a")
	})

	It("keeps the shards working while no sharder runs", func() {
		r.create(5)
		sharder := r.start("sharder", sharding.ModeSharder)
		r.start("shard-a", sharding.ModeShard)
		r.start("shard-b", sharding.ModeShard)
		r.eventuallySettled("shard-a", "shard-b")

		sharder.leave()
		for name := range r.owners(Default) {
			Expect(r.scale(inContext(), name, 7)).To(Succeed())
		}
		r.eventuallySettled("shard-a", "shard-b")
	})
})
