// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/figures"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// calm is how long nothing may be left to do before that counts, and how long a measurement goes on after its end, to
// see what comes late.
const calm = 3 * time.Second

// Fill is how it went to create many websites at once.
type Fill struct {
	Setup operator.Mode `json:"setup"`
	// Created is when the last website was created, in seconds since the first creation began.
	Created float64 `json:"createdSeconds"`
	// Create is how long the API server took for a creation.
	Create figures.Latency `json:"create"`
	// Ready is when all websites were Ready and, in shards, with their right one; nil if that did not happen in time.
	Ready *float64 `json:"readySeconds"`
	// Flapped are the websites that were Ready and then not, though nobody changed them.
	Flapped int             `json:"flapped"`
	Writes  Writes          `json:"writes"`
	Spread  Spread          `json:"spread"`
	Usage   []machine.Usage `json:"usage"`
}

func (m *Measurement) fill(ctx context.Context, mode operator.Mode) (Fill, error) {
	fill := Fill{Setup: mode}
	keys := keysOf(m.Websites)
	var shards []string
	var right map[string]string
	if mode.Shares() {
		shards = mode.Instances(m.Shards)
		right = owners(keys, shards)
	}
	if err := m.surround(ctx); err != nil {
		return fill, err
	}
	if err := m.pause(ctx, calm); err != nil {
		return fill, err
	}
	before, err := machine.UsageOf(ctx, instances.Folder(m.Checkout))
	if err != nil {
		return fill, err
	}

	m.say("%s: creating %d websites", mode, m.Websites)
	begin := m.Clock.Now()
	inPlace := placed(right)
	goal := m.tracker.Watch(keys, false, begin, func(site Site) bool { return site.ready() && inPlace(site) })
	defer goal.Close()
	created, err := m.populate(ctx, keys)
	if err != nil {
		return fill, err
	}
	fill.Created, fill.Create = m.Clock.Since(begin).Seconds(), figures.LatencyOf(created)
	if _, err := m.await(ctx, goal, "ready"); err != nil {
		return fill, err
	}
	if err := m.pause(ctx, calm); err != nil {
		return fill, err
	}
	end := m.Clock.Now()
	if reached, _ := goal.State(); !reached.IsZero() {
		fill.Ready = seconds(reached.Sub(begin))
		m.say("    all are ready after %.1f s", *fill.Ready)
	}

	after, err := machine.UsageOf(ctx, instances.Folder(m.Checkout))
	if err != nil {
		return fill, err
	}
	fill.Usage = machine.Since(before, after)
	writes, err := m.auditSince(begin)
	if err != nil {
		return fill, err
	}
	fill.Writes = countWrites(writes, begin, end)
	fill.Flapped = len(m.tracker.Flapped())
	if mode.Shares() {
		fill.Spread = spreadOf(shards, shardsOf(m.tracker.Sites()))
		leader, err := m.leader(ctx, mode, shards)
		if err != nil {
			return fill, err
		}
		for i := range fill.Usage {
			fill.Usage[i].Leads = fill.Usage[i].Instance == leader
		}
	}
	return fill, nil
}

func seconds(d time.Duration) *float64 { return new(d.Seconds()) }
