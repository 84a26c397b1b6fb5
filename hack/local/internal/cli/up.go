// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

const (
	defaultShards = 3
	maxShards     = 50
)

func newUp() *cobra.Command {
	var mode string
	var shards int
	var extras bringup.Extras
	var samples bool
	up := &bringup.Up{Out: os.Stdout}
	command := &cobra.Command{
		Use:   "up",
		Short: "Start the cluster, the operator and the sample websites, or change what runs",
		Long: `Starts what does not run yet: the cluster, the operator's instances and the sample websites; waits until the websites
are ready, prints them, and what to try next. What runs already and is as asked for stays as it is, so that running it
again changes nothing. With another mode or number of shards it changes what runs, and keeps the websites.`,
		Example: `  local up
  local up --shards 4
  local up --mode dedicated
  local up --mode singleton
  local up --samples=false`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			up.Mode, up.Shards, up.NoSamples = operator.Mode(mode), shards, !samples
			switch {
			case !slices.Contains(operator.Modes(), up.Mode):
				return usageError{fmt.Errorf("unknown mode %q: it is sharded, dedicated or singleton", mode)}
			case !up.Mode.Shares() && command.Flags().Changed("shards"):
				return usageError{fmt.Errorf("the mode singleton has one instance: leave out the number of shards")}
			case shards < 1 || shards > maxShards:
				return usageError{fmt.Errorf("there can be 1 to %d shards, not %d", maxShards, shards)}
			}
			if !up.Mode.Shares() {
				up.Shards = 0
			}
			c, err := here()
			if err != nil {
				return err
			}
			up.Checkout = c
			asked, err := bringup.ReadAsked(c)
			if err != nil {
				return err
			}
			if up.Extras, err = changed(asked.Extras, extras, command.Flags().Changed); err != nil {
				return usageError{err}
			}
			ctx := command.Context()
			err = exclusively(ctx, c, func() error { return up.Run(ctx) })
			if err != nil && ctx.Err() != nil {
				return fmt.Errorf("\ninterrupted while %s; what was started so far goes on running: `make up` goes on from there, `make down` ends and removes it", up.Doing())
			}
			return err
		},
	}
	command.Flags().StringVar(&mode, "mode", string(operator.Sharded),
		"sharded: instances share the websites; dedicated: so they do, and the sharder runs apart; singleton: one for all")
	command.Flags().IntVar(&shards, "shards", defaultShards, "number of instances that share the websites")
	addExtras(command.Flags(), &extras)
	command.Flags().BoolVar(&samples, "samples", true, "have sample websites; without them, those that are there stay")
	command.Flags().DurationVar(&up.Timeout, "timeout", 2*time.Minute, "how long the operator and the websites may take to get ready")
	return command
}
