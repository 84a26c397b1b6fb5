// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package scenario declares what load there is: phases, and rates over time. It is data and pure functions; what carries
// it out is elsewhere.
//
// All scenarios scale by one factor. The number of websites is proportional to it. Where websites come at a rate for
// some time, both are proportional to its square root, so that their product is right. What depends on time outside of
// the load, such as how long a shard stays dead, does not scale.
package scenario

import (
	"fmt"
	"strings"
)

// Scenario is a kind of load.
type Scenario struct {
	Name string
	// Summary is one line.
	Summary string
	// Parameters are its numbers.
	Parameters []Parameter
	// NeedsFleet holds if it does something to the instances.
	NeedsFleet bool
	// NeedsQueues holds if it depends on how long websites wait in the operator's queues.
	NeedsQueues bool

	plan func(Settings) Plan
}

// All are the scenarios that there are.
var All = []Scenario{basic, reconcile, rollingUpdate, chaos, scaleOut}

// Named returns the scenario of the name.
func Named(name string) (Scenario, error) {
	var names []string
	for _, s := range All {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return Scenario{}, fmt.Errorf("unknown scenario %q: there are %s", name, strings.Join(names, ", "))
}

// Plan returns the scenario with all its numbers. It is an error if they make no sense together.
func (s Scenario) Plan(settings Settings) (Plan, error) {
	plan := s.plan(settings)
	if plan.Themes < 2 {
		return plan, fmt.Errorf("there must be at least 2 themes, so that a website can change from one to another, not %d", plan.Themes)
	}
	if plan.Projects < 1 {
		return plan, fmt.Errorf("there must be at least 1 project")
	}
	for _, phase := range plan.Phases {
		if phase.Duration <= 0 {
			return plan, fmt.Errorf("the phase %s must last longer than 0", phase.Name)
		}
	}
	if c := plan.Capacity; c != nil {
		switch {
		case c.Shards < 1:
			return plan, fmt.Errorf("there must be at least 1 shard")
		case c.Window <= 0:
			return plan, fmt.Errorf("the window must last longer than 0")
		case c.Growth <= 1.01:
			return plan, fmt.Errorf("the growth from one rate to the next must be more than 1.01, not %v", c.Growth)
		case c.Precision < 0.01 || c.Precision >= 1:
			return plan, fmt.Errorf("the precision is a part of the rate, from 0.01 to below 1, not %v", c.Precision)
		case c.Start <= 0 || c.Limit < c.Start:
			return plan, fmt.Errorf("the first rate must be above 0 and not above the limit: %v, %v", c.Start, c.Limit)
		}
	}
	return plan, nil
}
