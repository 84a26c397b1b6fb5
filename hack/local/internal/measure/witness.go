// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import "context"

// Witness looks at what happens in ways of its own.
type Witness interface {
	// Begins is called right before a scenario happens.
	Begins(ctx context.Context, scenario Scenario) error
	// Placed is called as soon as all websites are with their right shard, or did not get there in time.
	Placed(ctx context.Context) error
	// Ended is called when nothing more comes of the scenario.
	Ended(ctx context.Context) error
}

// nobody looks at nothing.
type nobody struct{}

func (nobody) Begins(context.Context, Scenario) error { return nil }
func (nobody) Placed(context.Context) error           { return nil }
func (nobody) Ended(context.Context) error            { return nil }

func (m *Measurement) witness() Witness {
	if m.Witness == nil {
		return nobody{}
	}
	return m.Witness
}
