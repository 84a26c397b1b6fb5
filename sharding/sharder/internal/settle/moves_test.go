// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package settle

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

func TestSettleCountsMovesWhileTheyAreUnderWay(t *testing.T) {
	for title, test := range map[string]struct {
		labels  map[string]string
		from    string
		counted bool
		answer  error
	}{
		"a move":                            {labels: testring.AssignedTo("gone"), from: "gone", counted: true},
		"a move from a dead shard":          {labels: testring.AssignedTo("dead"), from: "dead", counted: true},
		"a move that fails":                 {labels: testring.AssignedTo("gone"), from: "gone", counted: true, answer: errors.New("service unavailable")},
		"a move that meets another's write": {labels: testring.AssignedTo("gone"), from: "gone", counted: true, answer: testring.Conflict("x")},
		"an assignment":                     {labels: nil, from: ""},
		"a drain, which the owner may see":  {labels: testring.AssignedTo("b"), from: "b"},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			name := testring.NameFor("a", 0, "a", "b")
			c := newCluster(t, map[string]lease.State{"a": lease.Ready, "b": lease.Ready, "dead": lease.Dead}, testring.Deployment(name, test.labels))
			written := false
			c.OnPatch = func(context.Context, client.Object) error {
				written = true
				g.Expect(c.settler.Moves.None(test.from)).To(Equal(!test.counted))
				g.Expect(c.settler.Moves.None("a")).To(BeTrue(), "nothing is moved from there")
				return test.answer
			}
			_ = c.settle(t.Context(), c.Object(t, name))
			g.Expect(written).To(BeTrue())
			g.Expect(c.settler.Moves.None(test.from)).To(BeTrue(), "it has ended")
			g.Expect(c.settler.Moves.count).To(BeEmpty())
		})
	}
}

func TestMovesCountEach(t *testing.T) {
	g := NewWithT(t)
	m := NewMoves()
	move := func() plan.Decision { return plan.Decision{Action: plan.Move, Shard: "b"} }
	_, first := m.begin("a", move)
	_, second := m.begin("a", move)
	first()
	g.Expect(m.None("a")).To(BeFalse())
	second()
	g.Expect(m.None("a")).To(BeTrue())
}

// Whoever publishes a membership and then asks must hear of every move that was decided on an earlier one.
func TestMovesCountWhatIsBeingDecided(t *testing.T) {
	g := NewWithT(t)
	m := NewMoves()
	answer := make(chan bool, 1)
	_, done := m.begin("a", func() plan.Decision {
		go func() { answer <- m.None("a") }()
		g.Consistently(answer, "50ms").ShouldNot(Receive(), "nothing is known before the decision is made")
		return plan.Decision{Action: plan.Move, Shard: "b"}
	})
	g.Eventually(answer, time.Minute).Should(Receive(BeFalse()))
	done()
}
