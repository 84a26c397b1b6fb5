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
	Name    string `json:"name"`
	Summary string `json:"summary"`
	// Needs are the flags without which it cannot be run.
	Needs    []string          `json:"needs,omitempty"`
	Settings map[string]string `json:"settings"`
}

func describe(s scenario.Scenario, settings scenario.Settings) described {
	d := described{Name: s.Name, Summary: s.Summary, Settings: s.Describe(settings)}
	if s.NeedsFleet {
		d.Needs = append(d.Needs, "fleet")
	}
	if s.NeedsQueues {
		d.Needs = append(d.Needs, "prometheus")
	}
	return d
}

func newScenarios() *cobra.Command {
	var scale float64
	var set []string
	var output string
	command := &cobra.Command{
		Use:   "scenarios [SCENARIO]",
		Short: "List the scenarios and their parameters",
		Long: `Lists the scenarios, or one of them, and their parameters at a scale. It refuses what "experiment run" would refuse as well,
so that it also serves to find out what a run will be.`,
		Example: `  experiment scenarios
  experiment scenarios --scale 0.1 -o json
  experiment scenarios basic --scale 0.1 --set hold=30s`,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) > 1 {
				return cli.Usagef("scenarios takes the name of one scenario, or none")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, arguments []string) error {
			chosen := scenario.All
			switch {
			case output != "" && output != "json":
				return cli.Usagef("unknown output format %q: it is json, or left out", output)
			case len(arguments) == 1:
				s, err := scenario.Named(arguments[0])
				if err != nil {
					return cli.Usage(err)
				}
				chosen = []scenario.Scenario{s}
			case len(set) > 0:
				return cli.Usagef("--set is about one scenario: say which")
			}
			var all []described
			for _, s := range chosen {
				settings, err := s.Settings(scale, set)
				if err == nil {
					_, err = s.Plan(settings)
				}
				if err != nil {
					return cli.Usage(err)
				}
				all = append(all, describe(s, settings))
			}
			if output == "json" {
				encoder := json.NewEncoder(os.Stdout)
				encoder.SetIndent("", "  ")
				return encoder.Encode(all)
			}
			table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
			for i, s := range chosen {
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
	command.Flags().StringArrayVar(&set, "set", nil, "set a parameter of the one scenario, like hold=30s")
	command.Flags().StringVarP(&output, "output", "o", "", "json for programs")
	return command
}
