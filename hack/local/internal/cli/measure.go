// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/measure"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

func newMeasure() *cobra.Command {
	m := &measure.Measurement{Clock: clock.RealClock{}, Progress: os.Stderr}
	var setups, scenarios []string
	var output string
	command := &cobra.Command{
		Use:   "measure",
		Short: "Measure the operator with many websites, alone and in shards",
		Long: `Measures the operator on the local cluster with many websites that have no pods: how long it takes until all are ready,
what is written and what the instances need; then what happens when a shard leaves, crashes or joins, each once quiet and
once while websites are changed. It starts what it needs, and in the end removes what it made and leaves running what ran
before. Progress goes to standard error, the result to standard output.`,
		Example: `  local measure
  local measure --websites 100 --setups sharded --scenarios leave,join
  local measure --scenarios none -o json`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := complete(m, setups, scenarios, output); err != nil {
				return usageError{err}
			}
			c, err := here()
			if err != nil {
				return err
			}
			m.Checkout = c
			ctx := command.Context()
			var report measure.Report
			failure := exclusively(ctx, c, func() error {
				var err error
				report, err = m.Run(ctx)
				return err
			})
			// What was measured until then is told in any case.
			write := report.Text
			if output == "json" {
				write = report.JSON
			}
			if len(report.Fills) > 0 {
				if err := write(os.Stdout); err != nil {
					return err
				}
			}
			if failure != nil && ctx.Err() != nil {
				return fmt.Errorf("\ninterrupted: %w", failure)
			}
			return failure
		},
	}
	flags := command.Flags()
	flags.IntVar(&m.Websites, "websites", 1000, "how many websites are created")
	flags.IntVar(&m.Shards, "shards", defaultShards, "number of instances of the sharded operator")
	flags.IntVar(&m.Churn, "churn", 25, "how many websites are changed each second; 0: only the quiet half is measured")
	flags.Uint64Var(&m.Seed, "seed", 1, "chooses which websites are changed")
	flags.DurationVar(&m.Timeout, "timeout", 5*time.Minute, "how long anything may take until it counts as not having happened")
	flags.StringSliceVar(&setups, "setups", []string{"singleton", "sharded"}, "what is measured: singleton, sharded, or dedicated, where the sharder runs apart")
	flags.StringSliceVar(&scenarios, "scenarios", measure.Names, "what happens to shards; none: nothing. Where the sharder runs apart, no shard is the leader")
	flags.StringVarP(&output, "output", "o", "", "json for programs")
	return command
}

// complete checks the flags, and fills in what they say.
func complete(m *measure.Measurement, setups, scenarios []string, output string) error {
	switch {
	case output != "" && output != "json":
		return fmt.Errorf("unknown output format %q: it is json, or left out", output)
	case m.Websites < 1 || m.Websites > 99999:
		return fmt.Errorf("there can be 1 to 99999 websites, not %d", m.Websites)
	case m.Shards < 2 || m.Shards >= maxShards:
		return fmt.Errorf("there can be 2 to %d shards, not %d", maxShards-1, m.Shards)
	case m.Churn < 0 || m.Churn > 1000:
		return fmt.Errorf("there can be 0 to 1000 changes each second, not %d", m.Churn)
	case m.Timeout <= 0:
		return fmt.Errorf("the timeout must be more than 0, not %s", m.Timeout)
	}
	for _, setup := range setups {
		mode := operator.Mode(setup)
		if !slices.Contains(operator.Modes(), mode) {
			return fmt.Errorf("unknown set-up %q: it is sharded, dedicated or singleton", setup)
		}
		m.Setups = append(m.Setups, mode)
	}
	if strings.Join(scenarios, "") == "none" {
		scenarios = nil
	}
	var err error
	m.Scenarios, err = measure.Scenarios(scenarios, m.Churn > 0)
	return err
}
