// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"
	"fmt"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/standin"
)

// churnedAtOnce is how many rings there are at a time.
const churnedAtOnce = 20

// Churn is what the sharder needed before and after rings came, changed and went, and while there were the most of them.
type Churn struct {
	Rings  int        `json:"rings"`
	Before []Instance `json:"before"`
	During []Instance `json:"during"`
	After  []Instance `json:"after"`
}

// churn has rings come, changes and deletes them, some at a time.
func (m *Measurement) churn(ctx context.Context, result *Report, _ bringup.Before) error {
	// The first ones leave behind what is made only once.
	need, err := m.need(ctx, 0, 1)
	if err != nil {
		return err
	}
	if err := m.comeAndGo(ctx, 0, 2, nil); err != nil {
		return err
	}
	if need.Instances, err = m.look(ctx); err != nil {
		return err
	}
	churn := &Churn{Rings: m.Churned, Before: need.Instances}
	result.Churn = churn
	during := func() error {
		churn.During, err = m.look(ctx)
		return err
	}
	for done := 0; done < m.Churned; done += churnedAtOnce {
		count := min(churnedAtOnce, m.Churned-done)
		if done+count < m.Churned {
			err = m.comeAndGo(ctx, done, count, nil)
		} else {
			err = m.comeAndGo(ctx, done, count, during)
		}
		if err != nil {
			return err
		}
		m.say("    %d of %d rings have come and gone", done+count, m.Churned)
	}
	churn.After, err = m.look(ctx)
	return err
}

// comeAndGo creates rings, changes and deletes them, and calls the function, if there is one, while they are there.
func (m *Measurement) comeAndGo(ctx context.Context, from, count int, there func() error) error {
	var rings []*standin.Ring
	for i := range count {
		ring := m.cluster.Ring("standin-churn", fmt.Sprintf("standin-churn-%03d", from+i))
		rings = append(rings, ring)
		if err := ring.Create(ctx); err != nil {
			return err
		}
	}
	seen := func(ctx context.Context) error {
		for _, ring := range rings {
			if err := ring.AwaitSeen(ctx); err != nil {
				return err
			}
		}
		return nil
	}
	if err := m.within(ctx, seen); err != nil {
		return err
	}
	for _, ring := range rings {
		if err := ring.Reshape(ctx); err != nil {
			return err
		}
	}
	if err := m.within(ctx, seen); err != nil {
		return err
	}
	if there != nil {
		if err := there(); err != nil {
			return err
		}
	}
	return m.remove(ctx, rings...)
}
