// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/cli"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/scenario"
)

// described is a scenario at a scale.
type described struct {
	Name     string            `json:"name"`
	Summary  string            `json:"summary"`
	Settings map[string]string `json:"settings"`
}

func newScenarios() *cobra.Command {
	var scale float64
	var output string
	command := &cobra.Command{
		Use:   "scenarios",
		Short: "List the scenarios and their parameters",
		Example: `  experiment scenarios
  experiment scenarios --scale 0.1 -o json`,
		Args: cli.NoArguments,
		RunE: func(*cobra.Command, []string) error {
			if output != "" && output != "json" {
				return cli.Usagef("unknown output format %q: it is json, or left out", output)
			}
			var all []described
			for _, s := range scenario.All {
				settings, err := s.Settings(scale, nil)
				if err != nil {
					return cli.Usage(err)
				}
				all = append(all, described{Name: s.Name, Summary: s.Summary, Settings: s.Describe(settings)})
			}
			if output == "json" {
				encoder := json.NewEncoder(os.Stdout)
				encoder.SetIndent("", "  ")
				return encoder.Encode(all)
			}
			table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
			for i, s := range scenario.All {
				fmt.Fprintf(table, "%s: %s\n", s.Name, s.Summary)
				for _, p := range s.Parameters {
					fmt.Fprintf(table, "  %s\t%s\t%s\n", p.Name, all[i].Settings[p.Name], p.Help)
				}
				fmt.Fprintln(table)
			}
			return table.Flush()
		},
	}
	command.Flags().Float64Var(&scale, "scale", 1, "the scale at which the parameters are told")
	command.Flags().StringVarP(&output, "output", "o", "", "json for programs")
	return command
}
