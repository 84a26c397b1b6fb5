// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

func TestMetricsOfTheMembership(t *testing.T) {
	g := NewWithT(t)
	shardsGauge.Reset() // other tests have rings of their own
	m, other := enterRing("ring-1"), enterRing("ring-2")
	m.setMembership(plan.NewMembership("ring-1", shards(map[string]lease.State{
		"a": lease.Ready, "b": lease.Ready, "c": lease.Dead, "d": lease.Fenced,
	})))
	other.setMembership(plan.NewMembership("ring-2", nil))
	t.Cleanup(other.leave)

	const name = "controller_sharding_shards"
	g.Expect(testutil.GatherAndCompare(metrics.Registry, strings.NewReader(`
# HELP controller_sharding_shards Number of shards of a ring by state, as the leading sharder sees them.
# TYPE controller_sharding_shards gauge
controller_sharding_shards{ring="ring-1",state="dead"} 1
controller_sharding_shards{ring="ring-1",state="expired"} 0
controller_sharding_shards{ring="ring-1",state="fenced"} 1
controller_sharding_shards{ring="ring-1",state="orphaned"} 0
controller_sharding_shards{ring="ring-1",state="ready"} 2
controller_sharding_shards{ring="ring-1",state="uncertain"} 0
controller_sharding_shards{ring="ring-2",state="dead"} 0
controller_sharding_shards{ring="ring-2",state="expired"} 0
controller_sharding_shards{ring="ring-2",state="fenced"} 0
controller_sharding_shards{ring="ring-2",state="orphaned"} 0
controller_sharding_shards{ring="ring-2",state="ready"} 0
controller_sharding_shards{ring="ring-2",state="uncertain"} 0
`), name)).To(Succeed())

	m.leave()
	g.Expect(testutil.GatherAndCount(metrics.Registry, name)).To(Equal(6), "only the leader tells of its ring")
}

func TestMetricOfUnassignedObjects(t *testing.T) {
	g := NewWithT(t)
	const name = "controller_sharding_unassigned_objects"
	count := 3
	m := enterRing("ring-1")
	t.Cleanup(m.leave)
	hide := m.exposeUnassigned(deployments, func() int { return count })
	expect := func(value string) {
		t.Helper()
		g.Expect(testutil.GatherAndCompare(metrics.Registry, strings.NewReader(`
# HELP controller_sharding_unassigned_objects Number of objects without a shard, as the leading sharder sees them.
# TYPE controller_sharding_unassigned_objects gauge
controller_sharding_unassigned_objects{group="apps",kind="Deployment",ring="ring-1"} `+value+"\n"), name)).To(Succeed())
	}
	expect("3")
	count = 0
	expect("0")

	hideOther := m.exposeUnassigned(deployments, func() int { return 5 })
	expect("5")
	hideOther()
	expect("0")

	hide()
	g.Expect(testutil.GatherAndCount(metrics.Registry, name)).To(BeZero())
}

func TestMetricsVanishWithTheLastLeader(t *testing.T) {
	g := NewWithT(t)
	series := func() int {
		families, err := metrics.Registry.Gather()
		g.Expect(err).NotTo(HaveOccurred())
		count := 0
		for _, family := range families {
			for _, metric := range family.GetMetric() {
				for _, label := range metric.GetLabel() {
					if label.GetName() == "ring" && label.GetValue() == "ring-1" {
						count++
					}
				}
			}
		}
		return count
	}
	first, second := enterRing("ring-1"), enterRing("ring-1")
	first.setMembership(plan.NewMembership("ring-1", nil))
	first.walked(pass{}, 0)
	g.Expect(series()).To(Equal(11))
	first.leave()
	second.count(plan.Drain)
	g.Expect(series()).To(Equal(11))
	second.leave()
	g.Expect(series()).To(BeZero())
}
