// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package testring holds a ring for tests: its objects in an API server that is none, its shards, and their leases.
package testring

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// Namespace is where the shards' leases are.
const Namespace = "shards"

// Begin is when tests begin.
var Begin = time.Date(2030, 1, 2, 3, 4, 5, 678901000, time.UTC)

// Shards returns shards in the given states.
func Shards(states map[string]lease.State) []lease.Shard {
	var all []lease.Shard
	for name, state := range states {
		all = append(all, lease.Shard{Name: name, State: state})
	}
	slices.SortFunc(all, func(a, b lease.Shard) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Ready says that all these shards are ready.
func Ready(names ...string) map[string]lease.State {
	states := map[string]lease.State{}
	for _, name := range names {
		states[name] = lease.Ready
	}
	return states
}

// Membership is the ring's membership, as the test wants it.
type Membership struct {
	current atomic.Pointer[plan.Membership]
}

// NewMembership returns the membership of shards in the given states.
func NewMembership(states map[string]lease.State) *Membership {
	m := &Membership{}
	m.Publish(states)
	return m
}

// Publish changes the states.
func (m *Membership) Publish(states map[string]lease.State) {
	m.current.Store(plan.NewMembership("my-ring", Shards(states)))
}

// Load returns the current membership.
func (m *Membership) Load() *plan.Membership { return m.current.Load() }

// Counted returns what the ring's counter of that name says.
func Counted(t *testing.T, name string) float64 {
	t.Helper()
	families, err := metrics.Registry.Gather()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			for _, label := range metric.GetLabel() {
				if family.GetName() == name && label.GetName() == "ring" && label.GetValue() == "my-ring" {
					return metric.GetCounter().GetValue()
				}
			}
		}
	}
	t.Fatalf("there is no counter %s of the ring", name)
	return 0
}

// HeldLease is the lease of a shard that renewed it at the beginning, with 15 seconds to live.
func HeldLease(name string) *coordinationv1.Lease {
	lease := BareLease(name)
	lease.Labels = map[string]string{
		"alpha.sharding.timebertt.dev/controllerring": "my-ring",
		"alpha.sharding.timebertt.dev/state":          "ready",
	}
	lease.Spec.LeaseDurationSeconds = new(int32(15))
	lease.Spec.LeaseTransitions = new(int32(3))
	acquired, renewed := metav1.NewMicroTime(Begin.Add(-time.Hour)), metav1.NewMicroTime(Begin)
	lease.Spec.AcquireTime, lease.Spec.RenewTime = &acquired, &renewed
	return lease
}

// BareLease is a lease that says no more than that its shard holds it.
func BareLease(name string) *coordinationv1.Lease {
	return &coordinationv1.Lease{
		ObjectMeta: metav1.ObjectMeta{Namespace: Namespace, Name: name, UID: "uid-of-lease", ResourceVersion: "7"},
		Spec:       coordinationv1.LeaseSpec{HolderIdentity: new(name)},
	}
}
