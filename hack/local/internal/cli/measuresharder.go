// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/measuresharder"
)

func newMeasureSharder() *cobra.Command {
	m := &measuresharder.Measurement{Clock: clock.RealClock{}, Progress: os.Stderr}
	var output string
	command := &cobra.Command{
		Use:   "measure-sharder",
		Short: "Measure the sharder as a component of its own: its webhook, its memory, its moves",
		Long: `Measures the sharder on the local cluster, where it is a component of its own with two instances:

  admission   what its webhook adds to a request, by dry runs
  assignment  how fast objects get their shard without the webhook, and how many get it by the webhook
  footprint   memory and processor time at rest, for more and more objects and rings
  churn       what rings leave behind that come, change and go
  join        a shard joins a ring: how long objects take to move, and by how many requests
  websites    the same with the operator: websites that move, quietly, probed and while they are changed

All but the last use rings of ConfigMaps, whose shards only hold leases and let objects go. It starts what it needs, and in
the end removes what it made and leaves running what ran before. Progress goes to standard error, the result to standard
output. What could not be measured is told with the result.`,
		Example: `  local measure-sharder
  local measure-sharder --experiments admission,footprint --objects 100,1000
  local measure-sharder --experiments websites --websites 100 -o json`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkSharderFlags(m, output); err != nil {
				return usageError{err}
			}
			c, err := here()
			if err != nil {
				return err
			}
			m.Checkout = c
			ctx := command.Context()
			var report measuresharder.Report
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
			if report.Measured() {
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
	flags.StringSliceVar(&m.Experiments, "experiments", measuresharder.Names(), "what is measured")
	flags.IntVar(&m.Requests, "requests", 3000, "how many requests are sent with the webhook, and as many without")
	flags.IntVar(&m.Rate, "rate", 20, "how many objects are created each second while it counts how fast they are assigned")
	flags.IntVar(&m.Created, "created", 600, "how many of them")
	flags.IntSliceVar(&m.Objects, "objects", []int{100, 1000, 10000}, "numbers of objects for the footprint")
	flags.IntSliceVar(&m.Rings, "rings", []int{1, 10, 50}, "numbers of rings for the footprint; one is the operator's")
	flags.IntVar(&m.Churned, "churned", 200, "how many rings come and go")
	flags.IntSliceVar(&m.Joined, "joined", []int{1000, 10000}, "numbers of objects of a ring that a shard joins")
	flags.IntVar(&m.Websites, "websites", 1000, "how many websites are created")
	flags.IntVar(&m.Churn, "churn", 25, "how many websites are changed each second; 0: they are not changed")
	flags.IntVar(&m.Shards, "shards", defaultShards, "number of shards before another one joins")
	flags.DurationVar(&m.Rest, "rest", 15*time.Second, "how long the sharder is watched at rest")
	flags.DurationVar(&m.Timeout, "timeout", 5*time.Minute, "how long anything may take until it counts as not having happened")
	flags.StringVarP(&output, "output", "o", "", "json for programs")
	return command
}

// checkSharderFlags returns what is wrong with the flags.
func checkSharderFlags(m *measuresharder.Measurement, output string) error {
	const most = 99999
	for _, flag := range []struct {
		name         string
		values       []int
		lowest, most int
	}{
		{"requests", []int{m.Requests}, 1, most},
		{"rate", []int{m.Rate}, 1, 1000},
		{"created", []int{m.Created}, 1, most / 3},
		{"objects", m.Objects, 1, most},
		{"rings", m.Rings, 1, 500},
		{"churned", []int{m.Churned}, 1, 999},
		{"joined", m.Joined, 1, most},
		{"websites", []int{m.Websites}, 1, most},
		{"churn", []int{m.Churn}, 0, 1000},
		{"shards", []int{m.Shards}, 2, maxShards - 1},
	} {
		for i, value := range flag.values {
			if value < flag.lowest || value > flag.most {
				return fmt.Errorf("--%s can be %d to %d, not %d", flag.name, flag.lowest, flag.most, value)
			}
			if slices.Contains(flag.values[:i], value) {
				return fmt.Errorf("--%s has %d more than once", flag.name, value)
			}
		}
	}
	slices.Sort(m.Objects)
	slices.Sort(m.Rings)
	switch {
	case output != "" && output != "json":
		return fmt.Errorf("unknown output format %q: it is json, or left out", output)
	case m.Rest <= 0 || m.Timeout <= 0:
		return fmt.Errorf("--rest and --timeout must be more than 0, not %s and %s", m.Rest, m.Timeout)
	}
	return measuresharder.CheckNames(m.Experiments)
}
