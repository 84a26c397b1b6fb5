// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package bringup

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/monitoring"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// Extras are for measurements. What was asked for once goes on until it is asked for otherwise.
type Extras struct {
	// Prometheus runs beside the cluster and scrapes the instances.
	Prometheus bool `json:"prometheus,omitempty"`
	// Profiling has the instances serve profiles, beside their metrics.
	Profiling bool `json:"profiling,omitempty"`
	// CPU is the number of processors that each instance may use; 0 for all that there are.
	CPU float64 `json:"cpu,omitempty"`
	// Room is that of the cluster, for loads that its API server should not be the limit of.
	Room uint64 `json:"room,omitempty"`
}

// monitoring has Prometheus scrape the instances, if that is asked for, and ends it otherwise.
func (u *Up) monitoring(ctx context.Context, wanted []supervisor.Instance) error {
	if !u.Extras.Prometheus {
		return monitoring.Down(ctx, u.Checkout)
	}
	u.step("starting Prometheus")
	var targets []monitoring.Target
	for _, instance := range wanted {
		_, port, err := instances.Ports(u.Checkout, instance.Name)
		if err != nil {
			return err
		}
		target := monitoring.Target{Name: instance.Name, Component: "operator", Port: port}
		switch {
		case slices.Contains(sharder.Instances(), instance.Name):
			target.Component = "sharder"
		case u.Mode.Shares():
			target.Shard = instance.Name
		}
		targets = append(targets, target)
	}
	if err := monitoring.Watch(u.Checkout, targets); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	url, err := monitoring.Up(ctx, u.Checkout, u.client, []string{self, "supervise", "--monitoring"}, u.Out)
	if err != nil {
		return err
	}
	u.say("prometheus  %s scrapes %d instances", url, len(targets))
	return nil
}
