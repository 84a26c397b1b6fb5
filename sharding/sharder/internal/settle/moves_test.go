// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// acquiredLease is the lease of a shard that has just acquired it, and with it emptied the state.
func acquiredLease(name string) *coordinationv1.Lease {
	acquired := heldLease(name)
	acquired.Labels[stateLabel] = ""
	return acquired
}

// A shard may come back while its objects are moved away. Once it is called ready, none may be.
func TestShardThatCameBackIsReadyOnlyWhenNoMoveIsUnderWay(t *testing.T) {
	g := NewWithT(t)
	name := nameFor("b", 0, "b", "c")
	c := newCluster(t, map[string]lease.State{"a": lease.Dead, "b": lease.Ready, "c": lease.Ready}, deployment(name, assignedTo("a")))
	back, other := acquiredLease("a"), acquiredLease("c")
	s := track(t, back, heldLease("b"), other)
	s.members, s.keeper.moves = c.members, c.settler.moves

	sent, arrives := make(chan struct{}), make(chan struct{})
	c.onPatch = func(context.Context, client.Object) error {
		close(sent)
		<-arrives
		return nil
	}
	settled := make(chan error, 1)
	go func() { settled <- c.settle(t.Context(), c.object(t, name)) }()
	g.Eventually(sent).Should(BeClosed())

	g.Expect(s.at(t, 0)).To(Equal(10 * time.Millisecond))
	g.Expect(c.members.load().Available()).To(ContainElement("a"), "from now on nothing of its is moved")
	g.Expect(s.leases.get(t, "a").Labels).To(HaveKeyWithValue(stateLabel, ""))
	g.Expect(s.leases.get(t, "c").Labels).To(HaveKeyWithValue(stateLabel, "ready"), "the others need not wait")

	close(arrives)
	g.Eventually(settled).Should(Receive(Succeed()))
	s.see(back, heldLease("b"), s.leases.get(t, "c"))
	g.Expect(s.at(t, 0)).To(Equal(15 * time.Second))
	g.Expect(s.leases.get(t, "a").Labels).To(HaveKeyWithValue(stateLabel, "ready"))
}

func TestSettleCountsMovesWhileTheyAreUnderWay(t *testing.T) {
	for title, test := range map[string]struct {
		labels  map[string]string
		from    string
		counted bool
		answer  error
	}{
		"a move":                            {labels: assignedTo("gone"), from: "gone", counted: true},
		"a move from a dead shard":          {labels: assignedTo("dead"), from: "dead", counted: true},
		"a move that fails":                 {labels: assignedTo("gone"), from: "gone", counted: true, answer: errors.New("service unavailable")},
		"a move that meets another's write": {labels: assignedTo("gone"), from: "gone", counted: true, answer: conflict("x")},
		"an assignment":                     {labels: nil, from: ""},
		"a drain, which the owner may see":  {labels: assignedTo("b"), from: "b"},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			name := nameFor("a", 0, "a", "b")
			c := newCluster(t, map[string]lease.State{"a": lease.Ready, "b": lease.Ready, "dead": lease.Dead}, deployment(name, test.labels))
			written := false
			c.onPatch = func(context.Context, client.Object) error {
				written = true
				g.Expect(c.settler.moves.none(test.from)).To(Equal(!test.counted))
				g.Expect(c.settler.moves.none("a")).To(BeTrue(), "nothing is moved from there")
				return test.answer
			}
			_ = c.settle(t.Context(), c.object(t, name))
			g.Expect(written).To(BeTrue())
			g.Expect(c.settler.moves.none(test.from)).To(BeTrue(), "it has ended")
			g.Expect(c.settler.moves.count).To(BeEmpty())
		})
	}
}

func TestMovesCountEach(t *testing.T) {
	g := NewWithT(t)
	m := newMovesUnderWay()
	move := func() plan.Decision { return plan.Decision{Action: plan.Move, Shard: "b"} }
	_, first := m.begin("a", move)
	_, second := m.begin("a", move)
	first()
	g.Expect(m.none("a")).To(BeFalse())
	second()
	g.Expect(m.none("a")).To(BeTrue())
}
