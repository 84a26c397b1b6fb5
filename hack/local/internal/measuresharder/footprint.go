// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/scrape"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/standin"
)

// settle is how long a sharder may look at everything when it starts, before it counts as being at rest.
const settle = 5 * time.Second

// Need is what the instances of the sharder need, some time after their start, while nothing happens.
type Need struct {
	// Objects are the assigned ones, and Rings those of the cluster.
	Objects   int        `json:"objects"`
	Rings     int        `json:"rings"`
	Instances []Instance `json:"instances"`
}

// Instance is what one instance needs.
type Instance struct {
	// Usage has the processor time since the start.
	machine.Usage
	scrape.Process
	// RestCPU is the processor time at rest, in seconds a minute.
	RestCPU float64 `json:"restCPUSecondsPerMinute"`
	// LiveHeap are the bytes of the objects that a collection leaves on the heap.
	LiveHeap uint64 `json:"liveHeapBytes"`
}

// look watches the sharder at rest, and returns what it needs.
func (m *Measurement) look(ctx context.Context) ([]Instance, error) {
	before, err := machine.UsageOf(ctx, instances.Folder(m.Checkout))
	if err != nil {
		return nil, err
	}
	if err := m.pause(ctx, m.Rest); err != nil {
		return nil, err
	}
	after, err := machine.UsageOf(ctx, instances.Folder(m.Checkout))
	if err != nil {
		return nil, err
	}
	leader, err := m.sharders.leader(ctx)
	if err != nil {
		return nil, err
	}
	meanwhile := machine.Since(before, after)
	var all []Instance
	for i, usage := range after {
		if !slices.Contains(sharder.Instances(), usage.Instance) {
			continue
		}
		usage.Leads = usage.Instance == leader
		instance := Instance{Usage: usage, RestCPU: meanwhile[i].CPU * 60 / m.Rest.Seconds()}
		metrics, err := m.scraper.Metrics(ctx, usage.Instance)
		if err != nil {
			return nil, err
		}
		if instance.Process, err = metrics.Process(); err != nil {
			return nil, err
		}
		if instance.LiveHeap, err = m.scraper.LiveHeap(ctx, usage.Instance); err != nil {
			return nil, err
		}
		all = append(all, instance)
	}
	// The one that leads comes first, since it does the work.
	slices.SortStableFunc(all, func(a, b Instance) int {
		switch {
		case a.Leads == b.Leads:
			return 0
		case a.Leads:
			return -1
		default:
			return 1
		}
	})
	return all, nil
}

// need starts the sharder anew, and returns what it needs.
func (m *Measurement) need(ctx context.Context, objects, rings int) (Need, error) {
	need := Need{Objects: objects, Rings: rings}
	err := m.within(ctx, func(ctx context.Context) error { return m.sharders.restart(ctx, variant{profiled: true}) })
	if err != nil {
		return need, err
	}
	if err := m.pause(ctx, settle); err != nil {
		return need, err
	}
	need.Instances, err = m.look(ctx)
	if err == nil && len(need.Instances) > 0 {
		m.say("    %d objects, %d rings: %s", objects, rings, need.Instances[0])
	}
	return need, err
}

func (i Instance) String() string {
	return fmt.Sprintf("RSS %s, %s of it its own; %s live; %.2f s CPU a minute", megabytes(i.RSS), megabytes(i.Anonymous), megabytes(i.LiveHeap), i.RestCPU)
}

// footprint measures what the sharder needs for more and more objects, and then for more and more rings. One ring is that of
// the operator.
func (m *Measurement) footprint(ctx context.Context, result *Report, _ bringup.Before) error {
	result.Footprint = &Footprint{}
	if err := m.ofObjects(ctx, result.Footprint); err != nil {
		return err
	}
	return m.ofRings(ctx, result.Footprint)
}

func (m *Measurement) ofObjects(ctx context.Context, footprint *Footprint) error {
	holding, end := context.WithCancel(ctx)
	defer end()
	ring := m.cluster.Ring("standin-footprint", "standin-footprint")
	if err := m.serve(holding, ring, m.Shards); err != nil {
		return err
	}
	watched, err := ring.Watch(holding)
	if err != nil {
		return err
	}
	there := 0
	for _, count := range m.Objects {
		if _, err := ring.Fill(ctx, standin.Keys(there, count), 0); err != nil {
			return err
		}
		there = count
		err := m.within(ctx, func(ctx context.Context) error {
			return m.poll(ctx, "all objects are assigned", func() bool { return len(watched.Assigned()) >= count })
		})
		if err != nil {
			return err
		}
		need, err := m.need(ctx, count, 2)
		if err != nil {
			return err
		}
		footprint.ByObjects = append(footprint.ByObjects, need)
	}
	end()
	return m.remove(ctx, ring)
}

func (m *Measurement) ofRings(ctx context.Context, footprint *Footprint) error {
	holding, end := context.WithCancel(ctx)
	defer end()
	var rings []*standin.Ring
	for _, count := range m.Rings {
		for len(rings)+1 < count {
			ring := m.cluster.Ring("standin-rings", fmt.Sprintf("standin-ring-%03d", len(rings)+1))
			rings = append(rings, ring)
			if err := m.serve(holding, ring, m.Shards); err != nil {
				return err
			}
		}
		need, err := m.need(ctx, 0, len(rings)+1)
		if err != nil {
			return err
		}
		footprint.ByRings = append(footprint.ByRings, need)
	}
	end()
	return m.remove(ctx, rings...)
}
