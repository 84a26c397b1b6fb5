// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package bringup

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cluster"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/monitoring"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/processes"
)

// Grace is how long an instance may take to stop.
const Grace = 30 * time.Second

// Leftover matches the instances of the checkout, whoever started them.
func Leftover(c checkout.Checkout) func(processes.Process) bool {
	return func(p processes.Process) bool {
		return slices.ContainsFunc(instances.Binaries(c), func(binary string) bool {
			return processes.WithArgument(binary, string(instances.Folder(c)))(p)
		})
	}
}

// Down ends everything of the checkout and removes its state. It is fine if nothing is up, or only a part.
func Down(ctx context.Context, c checkout.Checkout, out io.Writer) error {
	if err := monitoring.Down(ctx, c); err != nil {
		return err
	}
	// The instances stop before the cluster does, so that they can say goodbye to it.
	if err := instances.Folder(c).Stop(ctx); err != nil {
		return err
	}
	leftovers, err := processes.Find(ctx, Leftover(c))
	if err != nil {
		return err
	}
	if err := processes.End(ctx, Grace, leftovers...); err != nil {
		return err
	}
	if err := cluster.New(c, "", out).Down(ctx); err != nil {
		return err
	}
	entries, err := os.ReadDir(c.State(""))
	if err != nil {
		return fmt.Errorf("removing the state: %w", err)
	}
	removed := 0
	for _, entry := range entries {
		// The lock is held by this very process, and by whoever waits for it.
		if entry.Name() == LockFile {
			continue
		}
		if err := os.RemoveAll(c.State(entry.Name())); err != nil {
			return fmt.Errorf("removing the state: %w", err)
		}
		removed++
	}
	if removed == 0 {
		fmt.Fprintln(out, "nothing is up")
		return nil
	}
	fmt.Fprintln(out, "down: all processes ended, the state is removed; the programs that were built stay")
	return nil
}

// LockFile is the file in the folder of state that whoever changes something holds a lock on.
const LockFile = "lock"
