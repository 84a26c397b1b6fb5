// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"
	"fmt"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/figures"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/standin"
)

// Assignment is how objects get their shard, when they are created at an even rate or as fast as it goes.
type Assignment struct {
	// Muted is from when the request to create an object was sent until a watch told its shard, while the API server does
	// not reach the webhook.
	Muted figures.Latency `json:"withoutWebhook"`
	// Steady and Rushed are what became of objects while it does, at the rate and as fast as it goes.
	Steady Assigned `json:"steady"`
	Rushed Assigned `json:"rushed"`
}

// Assigned is by whom objects were assigned.
type Assigned struct {
	// Created is their number, and PerSecond how many that were each second.
	Created   int     `json:"created"`
	PerSecond float64 `json:"perSecond"`
	// ByWebhook are those that had a shard in the answer to the request that created them.
	ByWebhook int `json:"byWebhook"`
}

// Share is the share of those by the webhook; 0 if none was created.
func (a Assigned) Share() float64 {
	if a.Created == 0 {
		return 0
	}
	return float64(a.ByWebhook) / float64(a.Created)
}

func assignedOf(creations []standin.Creation) Assigned {
	assigned := Assigned{Created: len(creations)}
	var first, last time.Time
	for _, creation := range creations {
		if creation.Assigned {
			assigned.ByWebhook++
		}
		if first.IsZero() || creation.Sent.Before(first) {
			first = creation.Sent
		}
		if creation.Answered.After(last) {
			last = creation.Answered
		}
	}
	if took := last.Sub(first).Seconds(); took > 0 {
		assigned.PerSecond = float64(len(creations)) / took
	}
	return assigned
}

// untilAssigned is how long it took from each creation until the watch told the shard.
func untilAssigned(creations []standin.Creation, assigned map[string]time.Time) figures.Latency {
	var took []time.Duration
	unfinished := 0
	for _, creation := range creations {
		if at, ok := assigned[creation.Key]; ok {
			took = append(took, at.Sub(creation.Sent))
		} else {
			unfinished++
		}
	}
	latency := figures.LatencyOf(took)
	latency.Unfinished = unfinished
	return latency
}

func (m *Measurement) assignment(ctx context.Context, result *Report, _ bringup.Before) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	ring := m.cluster.Ring("standin-assignment", "standin-assignment")
	if err := m.serve(ctx, ring, m.Shards); err != nil {
		return err
	}
	watched, err := ring.Watch(ctx)
	if err != nil {
		return err
	}
	assignment := &Assignment{}
	result.Assignment = assignment

	m.say("    without the webhook")
	if err := m.within(ctx, func(ctx context.Context) error { return m.sharders.restart(ctx, variant{mute: true}) }); err != nil {
		return err
	}
	keys := standin.Keys(0, m.Created)
	creations, err := ring.Fill(ctx, keys, m.Rate)
	if err != nil {
		return err
	}
	if by := assignedOf(creations).ByWebhook; by > 0 {
		return fmt.Errorf("%d objects were assigned by a webhook that should not answer", by)
	}
	err = m.within(ctx, func(ctx context.Context) error {
		return m.poll(ctx, "all objects are assigned", func() bool { return len(watched.Assigned()) >= len(keys) })
	})
	assignment.Muted = untilAssigned(creations, watched.Assigned())
	if err != nil {
		return err
	}

	m.say("    with the webhook")
	if err := m.within(ctx, func(ctx context.Context) error { return m.sharders.restart(ctx, variant{}) }); err != nil {
		return err
	}
	if creations, err = ring.Fill(ctx, standin.Keys(m.Created, 2*m.Created), m.Rate); err != nil {
		return err
	}
	assignment.Steady = assignedOf(creations)
	if creations, err = ring.Fill(ctx, standin.Keys(2*m.Created, 3*m.Created), 0); err != nil {
		return err
	}
	assignment.Rushed = assignedOf(creations)
	end()
	return m.remove(context.WithoutCancel(ctx), ring)
}
