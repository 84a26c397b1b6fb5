// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package bringup

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/progress"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// instances has the instances of the operator, and of the sharder if it runs apart, run, and waits until they are ready.
func (u *Up) instances(ctx context.Context, config, sharderConfig []byte) error {
	u.step("starting the operator")
	uid, err := applied.Cluster(ctx, u.client)
	if err != nil {
		return err
	}
	plan := instances.Plan{
		Checkout: u.Checkout, Mode: u.Mode, Shards: u.Shards, Config: config, SharderConfig: sharderConfig,
		Cluster: string(uid), Profiling: u.Extras.Profiling, CPU: u.Extras.CPU,
	}
	wanted, err := plan.Write(ctx)
	if err != nil {
		return err
	}
	if err := statefile.Write(askedFile(u.Checkout), Asked{Mode: u.Mode, Shards: u.Shards, Extras: u.Extras}); err != nil {
		return err
	}
	version, err := supervisor.Version()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	begin := time.Now()
	changed, err := instances.Folder(u.Checkout).Set(ctx, wanted, nil, version, []string{self, "supervise"})
	if err != nil {
		return err
	}
	// Those that are missing are missing on purpose from now on.
	if err := statefile.Write(killedFile(u.Checkout), []supervisor.Instance{}); err != nil {
		return err
	}
	if err := u.waitInstances(ctx, wanted); err != nil {
		return err
	}
	if err := u.monitoring(ctx, wanted); err != nil {
		return err
	}
	names := make([]string, 0, len(wanted))
	for _, instance := range wanted {
		names = append(names, instance.Name)
	}
	u.changed = changed
	if changed {
		u.say("instances   %d ready after %s: %s", len(wanted), progress.Seconds(time.Since(begin)), strings.Join(names, ", "))
	} else {
		u.say("instances   %d run already: %s", len(wanted), strings.Join(names, ", "))
	}
	return nil
}

// waitInstances waits until each instance runs and says that it is ready, and has announced itself if it is a shard.
func (u *Up) waitInstances(ctx context.Context, wanted []supervisor.Instance) error {
	ctx, cancel := context.WithTimeout(ctx, u.Timeout)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for {
		announced, err := u.announced(ctx)
		if err != nil && ctx.Err() == nil {
			return err
		}
		var waiting []supervisor.Instance
		for _, instance := range wanted {
			if !instances.Ready(ctx, u.Checkout, instance.Name) || !announced(instance.Name) {
				waiting = append(waiting, instance)
			}
		}
		if len(waiting) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return u.notReady(ctx, waiting)
		case <-ticker.C:
		}
	}
}

// announced returns whether a shard holds its lease. What is no shard has nothing to announce.
func (u *Up) announced(ctx context.Context) (func(name string) bool, error) {
	if !u.Mode.Shares() {
		return func(string) bool { return true }, nil
	}
	leases := &coordinationv1.LeaseList{}
	err := u.client.List(ctx, leases, client.InNamespace(operator.Namespace), client.MatchingLabels{operator.LabelRing: operator.Name})
	if err != nil {
		return func(string) bool { return false }, fmt.Errorf("listing the leases of shards: %w", err)
	}
	return func(name string) bool {
		return slices.Contains(sharder.Instances(), name) || slices.ContainsFunc(leases.Items, func(lease coordinationv1.Lease) bool {
			return lease.Name == name && lease.Spec.HolderIdentity != nil && *lease.Spec.HolderIdentity == name
		})
	}, nil
}

// notReady explains which instances did not get ready, and shows the end of their logs.
func (u *Up) notReady(ctx context.Context, waiting []supervisor.Instance) error {
	if ctx.Err() != context.DeadlineExceeded {
		return ctx.Err()
	}
	status, err := instances.Folder(u.Checkout).Status()
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, instance := range waiting {
		fmt.Fprintf(&text, "\n%s", instance.Name)
		if status != nil {
			i := slices.IndexFunc(status.Instances, func(s supervisor.InstanceStatus) bool { return s.Name == instance.Name })
			if i >= 0 {
				fmt.Fprintf(&text, " (%s, %d restarts) %s", status.Instances[i].State, status.Instances[i].Restarts, status.Instances[i].Reason)
			}
		}
		fmt.Fprintf(&text, ", the end of %s:\n%s", instances.Log(u.Checkout, instance.Name), instances.LogTail(u.Checkout, instance.Name))
	}
	return fmt.Errorf("these instances are not ready after %s:%s", u.Timeout, text.String())
}
