// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// Event is what happens to a shard.
type Event string

const (
	// Leave is a shard that is told to stop by SIGTERM and does not come back.
	Leave Event = "leave"
	// Crash is a shard that is ended by SIGKILL and does not come back.
	Crash Event = "crash"
	// Join is one more shard.
	Join Event = "join"
)

// Scenario is something that happens to a ring that is at rest otherwise.
type Scenario struct {
	Event Event `json:"event"`
	// Leader holds if it happens to the shard that is the sharder as well.
	Leader bool `json:"leader"`
	// Churn holds if websites are changed meanwhile.
	Churn bool `json:"churn"`
	// Probed holds if a witness sends requests of its own meanwhile, which take their part of the machine.
	Probed bool `json:"probed,omitempty"`
}

// Names of all scenarios, each of which is measured quietly and with churn.
var Names = []string{"leave", "leave-leader", "crash", "crash-leader", "join"}

// Scenarios returns the scenarios of these names, each once quiet and, if there is any churn, once with it.
func Scenarios(names []string, churn bool) ([]Scenario, error) {
	var scenarios []Scenario
	for _, name := range names {
		if !slices.Contains(Names, name) {
			return nil, fmt.Errorf("unknown scenario %q: there are %s", name, strings.Join(Names, ", "))
		}
		event, _, leader := strings.Cut(name, "-")
		scenarios = append(scenarios, Scenario{Event: Event(event), Leader: leader})
		if churn {
			scenarios = append(scenarios, Scenario{Event: Event(event), Leader: leader, Churn: true})
		}
	}
	return scenarios, nil
}

// possible reports whether it can happen in the mode: where the sharder runs apart, no shard leads.
func (s Scenario) possible(mode operator.Mode) bool {
	return mode == operator.Sharded || mode == operator.Dedicated && !s.Leader
}

func (s Scenario) String() string {
	name := string(s.Event)
	if s.Leader {
		name += " of the leader"
	}
	if s.Probed {
		name += ", probed"
	}
	if s.Churn {
		return name + ", changes"
	}
	return name + ", quiet"
}

// members returns the shards before and after, and the one that it happens to.
func (s Scenario) members(shards int, leader string) (before, after []string, subject string) {
	before = operator.Sharded.Instances(shards)
	if s.Event == Join {
		after = operator.Sharded.Instances(shards + 1)
		return before, after, after[shards]
	}
	subject = leader
	if !s.Leader {
		// Not always the same one, but the same one as long as the leader is the same.
		others := without(before, leader)
		subject = others[len(others)-1]
	}
	return before, without(before, subject), subject
}
