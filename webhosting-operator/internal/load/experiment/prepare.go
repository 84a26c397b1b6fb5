// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/inventory"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/observe"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/record"
)

// lookEvery is how often it is looked whether the websites have come to rest.
const lookEvery = 200 * time.Millisecond

// refuse returns an error if the experiment cannot be made here. It changes nothing.
func (r *run) refuse(ctx context.Context) error {
	if err := record.Free(r.Folder); err != nil {
		return err
	}
	if r.Scenario.NeedsFleet && r.Fleet == nil {
		return fmt.Errorf("the scenario %s does something to the operator's instances: say where they run (--fleet)", r.Scenario.Name)
	}
	if r.Scenario.NeedsQueues && r.Queues == nil {
		return fmt.Errorf("the scenario %s depends on the time in the operator's queues: say where Prometheus is (--prometheus)", r.Scenario.Name)
	}
	if r.Scenario.NeedsQueues {
		if err := r.Queues.Check(ctx); err != nil {
			return err
		}
	}
	foreign, err := r.inventory.Foreign(ctx)
	if err != nil {
		return err
	}
	if len(foreign) > 0 && !r.Others {
		return fmt.Errorf("the cluster is not empty, so what is measured would not be this load only: the websites %s there "+
			"(--allow-other-websites measures all the same)", inventory.Names(foreign))
	}
	if err := r.inventory.RefuseTaken(ctx, r.surroundings()); err != nil {
		return err
	}
	if r.Scenario.NeedsFleet {
		shards, err := r.Fleet.Shards(ctx)
		if err != nil {
			return err
		}
		least := 2
		if r.Plan.Capacity != nil {
			least = 1
		}
		if len(shards) < least {
			return fmt.Errorf("the scenario %s needs at least %d shards that run, and there are %d", r.Scenario.Name, least, len(shards))
		}
	}
	return nil
}

func (r *run) surroundings() []client.Object {
	var objects []client.Object
	for _, project := range r.population().AllProjects() {
		objects = append(objects, project)
	}
	for _, theme := range r.population().AllThemes() {
		objects = append(objects, theme)
	}
	return objects
}

// prepare makes what must be there before the load begins. The watch goes on until the context ends.
func (r *run) prepare(watching context.Context) error {
	ctx, cancel := context.WithTimeout(watching, r.SetupTimeout)
	defer cancel()
	if err := r.remove(ctx, "removing what an earlier run left"); err != nil {
		return fmt.Errorf("removing what an earlier run left: %w", err)
	}
	objects := r.surroundings()
	task := r.Display.Start("making projects and themes", len(objects))
	err := r.inventory.Apply(ctx, objects, task.Step)
	task.End()
	if err != nil {
		return err
	}
	if err := observe.Watch(watching, r.Config, r.Scheme, r.population().Labels(), r.Ring, r.tracker, r.Clock); err != nil {
		return err
	}
	if r.Plan.Websites == 0 {
		return nil
	}
	task = r.Display.Start("making websites", r.Plan.Websites)
	err = r.driver.Fill(ctx, r.Plan.Websites, task.Step)
	task.End()
	if err != nil {
		return err
	}
	return r.awaitRest(ctx, 0)
}

// awaitRest waits until all websites are Ready and nothing is under way, and, unless shards is 0, shared by so many
// shards.
func (r *run) awaitRest(ctx context.Context, shards int) error {
	task := r.Display.Start("waiting until all websites are ready", r.driver.Websites())
	defer task.End()
	ticker := r.Clock.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		byShard, ready := r.tracker.Websites()
		unfinished := 0
		for _, count := range r.tracker.Unfinished() {
			unfinished += count
		}
		used := 0
		for shard, count := range byShard {
			if shard != "" && count > 0 {
				used++
			}
		}
		task.Set(ready, "")
		if ready == r.driver.Websites() && unfinished == 0 && (shards == 0 || used == shards) {
			return nil
		}
		select {
		case <-ctx.Done():
			err := fmt.Errorf("%d of %d websites are ready, with %d shards", ready, r.driver.Websites(), used)
			return errors.Join(err, ctx.Err())
		case <-ticker.C():
		}
	}
}
