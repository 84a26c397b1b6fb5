// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package metrics

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

func TestMetricsOfTheMembership(t *testing.T) {
	g := NewWithT(t)
	shardsGauge.Reset() // other tests have rings of their own
	m, other := Enter("ring-1"), Enter("ring-2")
	m.SetMembership(plan.NewMembership("ring-1", testring.Shards(map[string]lease.State{
		"a": lease.Ready, "b": lease.Ready, "c": lease.Dead, "d": lease.Fenced,
	})))
	other.SetMembership(plan.NewMembership("ring-2", nil))
	t.Cleanup(other.Leave)

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

	m.Leave()
	g.Expect(testutil.GatherAndCount(metrics.Registry, name)).To(Equal(6), "only the leader tells of its ring")
}

func TestMetricOfUnassignedObjects(t *testing.T) {
	g := NewWithT(t)
	const name = "controller_sharding_unassigned_objects"
	count := 3
	m := Enter("ring-1")
	t.Cleanup(m.Leave)
	hide := m.ExposeUnassigned(testring.Deployments, func() int { return count })
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

	hideOther := m.ExposeUnassigned(testring.Deployments, func() int { return 5 })
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
	first, second := Enter("ring-1"), Enter("ring-1")
	first.SetMembership(plan.NewMembership("ring-1", nil))
	first.ObserveCheck(0)
	g.Expect(series()).To(Equal(11))
	first.Leave()
	second.Count(plan.Drain)
	g.Expect(series()).To(Equal(11))
	second.Leave()
	g.Expect(series()).To(BeZero())
}
