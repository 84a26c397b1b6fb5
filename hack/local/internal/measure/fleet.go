// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// fleet is the instances of the sharded operator, and of the sharder where it runs apart. What they need is written
// beforehand, so that nothing but the signal to the supervisor is left to do when the time counts.
type fleet struct {
	folder  supervisor.Folder
	all     []supervisor.Instance
	version string
	command []string
}

// start brings the operator up with fresh instances, so that what was measured before leaves nothing in their memory.
func (m *Measurement) start(ctx context.Context, mode operator.Mode, shards int) error {
	if _, err := os.Stat(string(instances.Folder(m.Checkout))); err == nil {
		if err := instances.Folder(m.Checkout).Stop(ctx); err != nil {
			return err
		}
	}
	up := &bringup.Up{Checkout: m.Checkout, Mode: mode, Shards: shards, Timeout: m.Timeout, Out: m.Progress}
	return up.Serve(ctx)
}

// fleet returns the instances that there may be, up to the number of shards.
func (m *Measurement) fleet(ctx context.Context, mode operator.Mode, shards int) (*fleet, error) {
	config, sharderConfig, err := instances.Remembered(m.Checkout)
	if err != nil {
		return nil, err
	}
	uid, err := applied.Cluster(ctx, m.client)
	if err != nil {
		return nil, err
	}
	plan := instances.Plan{
		Checkout: m.Checkout, Mode: mode, Shards: shards, Config: config, SharderConfig: sharderConfig, Cluster: string(uid),
	}
	all, err := plan.Write(ctx)
	if err != nil {
		return nil, err
	}
	version, err := supervisor.Version()
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	return &fleet{folder: instances.Folder(m.Checkout), all: all, version: version, command: []string{self, "supervise"}}, nil
}

// run has exactly the shards of these names run. The one named to crash, if any, is killed.
func (f *fleet) run(ctx context.Context, names []string, crash string) error {
	var wanted []supervisor.Instance
	for _, instance := range f.all {
		if slices.Contains(names, instance.Name) || slices.Contains(sharder.Instances(), instance.Name) {
			wanted = append(wanted, instance)
		}
	}
	var crashing []string
	if crash != "" {
		crashing = []string{crash}
	}
	_, err := f.folder.Set(ctx, wanted, crashing, f.version, f.command)
	return err
}

// without returns the names but for one of them.
func without(names []string, name string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(other string) bool { return other == name })
}
