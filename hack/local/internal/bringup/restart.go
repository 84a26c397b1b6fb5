// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package bringup

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// killedFile holds the instances that Kill ended, as they were.
func killedFile(c checkout.Checkout) string { return c.State("killed.json") }

func named(name string) func(supervisor.Instance) bool {
	return func(instance supervisor.Instance) bool { return instance.Name == name }
}

// remember adds to the instances that Start starts.
func remember(c checkout.Checkout, victim supervisor.Instance) error {
	var killed []supervisor.Instance
	if err := statefile.Read(killedFile(c), &killed); err != nil {
		return err
	}
	killed = append(slices.DeleteFunc(killed, named(victim.Name)), victim)
	return statefile.Write(killedFile(c), killed)
}

// Start has the instances run again that Kill ended, and nothing else: it neither builds nor applies anything. It returns
// their names when they are ready. There may be none.
func (u *Up) Start(ctx context.Context) ([]string, error) {
	u.step("starting instances again")
	var killed, missing []supervisor.Instance
	if err := statefile.Read(killedFile(u.Checkout), &killed); err != nil {
		return nil, err
	}
	wanted, err := instances.Folder(u.Checkout).Wanted()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, instance := range killed {
		if !slices.ContainsFunc(wanted.Instances, named(instance.Name)) {
			missing = append(missing, instance)
			names = append(names, instance.Name)
		}
	}
	if len(missing) > 0 {
		if err := u.set(ctx, append(wanted.Instances, missing...)); err != nil {
			return nil, err
		}
		if err := u.ready(ctx, missing); err != nil {
			return nil, err
		}
	}
	return names, statefile.Write(killedFile(u.Checkout), []supervisor.Instance{})
}

// Restart stops an instance gracefully, and starts it again. It returns when it is ready.
func (u *Up) Restart(ctx context.Context, name string) error {
	u.step("restarting " + name)
	wanted, err := instances.Folder(u.Checkout).Wanted()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(wanted.Instances, named(name))
	if i < 0 {
		return fmt.Errorf("no instance %q runs: `make status` lists them", name)
	}
	if err := u.set(ctx, slices.Delete(slices.Clone(wanted.Instances), i, i+1)); err != nil {
		return err
	}
	if err := u.set(context.WithoutCancel(ctx), wanted.Instances); err != nil {
		return err
	}
	return u.ready(ctx, wanted.Instances[i:i+1])
}

// set has exactly these instances run, in the supervisor that runs.
func (u *Up) set(ctx context.Context, wanted []supervisor.Instance) error {
	folder := instances.Folder(u.Checkout)
	status, err := folder.Status()
	if err != nil {
		return err
	}
	if status == nil {
		return fmt.Errorf("no instance runs: start them with `make up`")
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	_, err = folder.Set(ctx, wanted, nil, status.Version, []string{self, "supervise"})
	return err
}

// ready waits until instances are ready.
func (u *Up) ready(ctx context.Context, wanted []supervisor.Instance) error {
	asked, err := ReadAsked(u.Checkout)
	if err != nil {
		return err
	}
	u.Mode = asked.Mode
	if u.client, err = kube.Client(u.Checkout.Kubeconfig()); err != nil {
		return err
	}
	return u.waitInstances(ctx, wanted)
}
