// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package settle

import (
	"sync"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// Moves counts the moves of objects that are decided on and not answered, by the shard that the object is moved from. That
// shard may come back in the meantime, and must not be told to work before the last one has ended: see docs/adr/0010.
type Moves struct {
	mu    sync.Mutex
	count map[string]int
}

// NewMoves returns that no move is under way.
func NewMoves() *Moves { return &Moves{count: map[string]int{}} }

// begin returns what decide decides on an object of the shard from. If that is to move it, the move is under way until
// done is called. To decide and to count is one step: whoever publishes a membership, and then asks None, has heard of
// every move that was decided on an earlier membership.
func (m *Moves) begin(from string, decide func() plan.Decision) (decision plan.Decision, done func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	decision = decide()
	if decision.Action != plan.Move {
		return decision, func() {}
	}
	m.count[from]++
	return decision, func() { m.end(from) }
}

func (m *Moves) end(from string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.count[from]--
	if m.count[from] == 0 {
		delete(m.count, from)
	}
}

// None reports whether no move from the shard is under way.
func (m *Moves) None(from string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.count[from] == 0
}
