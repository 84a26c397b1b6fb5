// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/cli"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/experiment"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/progress"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

func newRun() *cobra.Command {
	o := &experiment.Options{Clock: clock.RealClock{}, Scheme: cli.Scheme()}
	var f flags
	command := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Run a scenario",
		Long: `Runs a scenario: makes projects, themes and websites, has websites come, change and go at the scenario's rates, and writes
what it measures to a folder: result.json, and time series as CSV files. Progress goes to standard error, a summary to
standard output. In the end, and on Ctrl-C, it removes what it made; a second Ctrl-C ends it at once.`,
		Example: `  experiment run basic
  experiment run basic --scale 0.01 --set hold=30s --results results/small
  experiment run chaos --scale 0.1 --fleet local
  experiment run scale-out --scale 0.1 --fleet local --prometheus http://127.0.0.1:9090`,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) != 1 {
				return cli.Usagef("run takes the name of one scenario: `experiment scenarios` lists them")
			}
			return nil
		},
		RunE: func(command *cobra.Command, arguments []string) error {
			if err := f.check(o, arguments[0]); err != nil {
				return cli.Usage(err)
			}
			if err := f.connect(o); err != nil {
				return err
			}
			o.Display = progress.OnStandardError(o.Clock)
			r, err := experiment.Run(command.Context(), *o)
			if r.Scenario != "" { // else there is no result
				if failure := f.tell(r); failure != nil {
					return failure
				}
			}
			if err == nil && !r.Valid {
				return cli.ErrInvalid
			}
			return err
		},
	}
	f.add(command.Flags(), o)
	return command
}

// tell writes the result to standard output.
func (f *flags) tell(r result.Result) error {
	if f.output != "json" {
		return experiment.Summarize(os.Stdout, r)
	}
	content, err := r.Encode()
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(content)
	return err
}

// folderOf is where the results go if nobody says where.
func folderOf(scenario string, now time.Time) string {
	return fmt.Sprintf("results/%s-%s", scenario, now.Format("20060102-150405"))
}
