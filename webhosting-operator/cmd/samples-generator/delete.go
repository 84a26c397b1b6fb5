// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/cli"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/inventory"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/progress"
)

func newDelete(kubeconfig *string) *cobra.Command {
	var output string
	var timeout time.Duration
	command := &cobra.Command{
		Use:   "delete",
		Short: "Delete everything that was ever generated in the cluster",
		Long: `Deletes everything with the label webhosting.timebertt.dev/generated-by=samples-generator, whatever the seed was, and waits
until it is gone. The projects' namespaces go with all that is in them.`,
		Example: `  samples-generator delete
  samples-generator delete --timeout 10m`,
		Args: cli.NoArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			if output != "" && output != "json" {
				return cli.Usagef("unknown output format %q: it is json, or left out", output)
			}
			if timeout <= 0 {
				return cli.Usagef("the timeout must be more than 0, not %s", timeout)
			}
			return deleteAll(command.Context(), *kubeconfig, output, timeout)
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "", "json for programs")
	command.Flags().DurationVar(&timeout, "timeout", 5*time.Minute, "how long it may take until everything is gone")
	return command
}

func deleteAll(ctx context.Context, kubeconfig, output string, timeout time.Duration) error {
	known, err := connect(kubeconfig)
	if err != nil {
		return err
	}
	before, err := known.Count(ctx)
	if err != nil {
		return err
	}
	if before.Total() > 0 {
		task := progress.OnStandardError(clock.RealClock{}).Start("deleting", before.Total())
		defer task.End()
		if err := known.Delete(ctx); err != nil {
			return err
		}
		waiting, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		err = known.WaitGone(waiting, clock.RealClock{}, func(left inventory.Left) {
			task.Set(before.Total()-left.Total(), left.String()+" left")
		})
		task.End()
		if err != nil {
			return fmt.Errorf("%w (they go on going; running it again waits on)", err)
		}
	}
	return tell(output, "deleted", before)
}
