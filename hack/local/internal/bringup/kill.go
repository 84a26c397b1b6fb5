// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package bringup

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// Kill ends an instance by force, as if its machine had died, and does not start it again: started at once, it would
// take its own lease up again before anybody noticed.
func Kill(ctx context.Context, c checkout.Checkout, name string) error {
	folder := instances.Folder(c)
	status, err := folder.Status()
	if err != nil {
		return err
	}
	if status == nil {
		return fmt.Errorf("no instance runs: start them with `make up`")
	}
	wanted, err := folder.Wanted()
	if err != nil {
		return err
	}
	var names []string
	for _, instance := range wanted.Instances {
		names = append(names, instance.Name)
	}
	if !slices.Contains(names, name) {
		return fmt.Errorf("no instance %q runs: there are %s", name, strings.Join(names, ", "))
	}
	victim := wanted.Instances[slices.Index(names, name)]
	if err := remember(c, victim); err != nil {
		return err
	}
	rest := slices.DeleteFunc(wanted.Instances, func(i supervisor.Instance) bool { return i.Name == name })
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("finding this program: %w", err)
	}
	// The version is the running one's own: a supervisor that is replaced would stop the instance gracefully.
	_, err = folder.Set(ctx, rest, []string{name}, status.Version, []string{self, "supervise"})
	return err
}
