// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cpushare"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluate"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

func newEvaluate() *cobra.Command {
	e := &evaluate.Evaluation{Progress: os.Stderr}
	var setups []string
	command := &cobra.Command{
		Use:   "evaluate",
		Short: "Put the same load on several set-ups, and compare what it takes",
		Long: `For each set-up: starts a fresh local cluster with Prometheus and the operator's instances, runs a scenario of the command
experiment, asks Prometheus what it took, and ends the cluster. Then it writes one report of all of them: index.html, which
needs nothing but itself, summary.md, the plots as SVG and the figures as CSV. Progress goes to standard error, the path of the
report to standard output. An evaluation that is broken off leaves nothing behind.

It exits with 3 if the report was written, but a run is invalid or missed a service level objective.`,
		Example: `  local evaluate
  local evaluate --setups singleton,sharded --scale 0.02 --set hold=30s
  local evaluate --setups sharded --scenario scale-out --cpu 0.1
  local evaluate --setups sharded --profile`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := completeEvaluation(e, setups, time.Now()); err != nil {
				return usageError{err}
			}
			c, err := here()
			if err != nil {
				return err
			}
			e.Checkout = c
			e.Stage = evaluate.LocalStage{
				Checkout: c, Shards: e.Shards, Timeout: e.Timeout, Progress: e.Progress,
				Extras:      bringup.Extras{Prometheus: true, Profiling: e.Profile, CPU: e.CPU, Room: machine.Memory(command.Context()) / 2},
				Exclusively: func(ctx context.Context, run func() error) error { return exclusively(ctx, c, run) },
			}
			outcome, err := e.Run(command.Context())
			if err != nil {
				if command.Context().Err() != nil {
					return errors.New("\ninterrupted: the cluster was ended, and nothing of the evaluation is left")
				}
				if errors.Is(err, evaluate.ErrRefused) {
					return usageError{err}
				}
				return err
			}
			fmt.Println(filepath.Join(e.Folder, evaluate.PageFile))
			if !outcome.Tell(os.Stderr) {
				return errUnhealthy
			}
			return nil
		},
	}
	flags := command.Flags()
	flags.StringSliceVar(&setups, "setups", []string{"singleton", "sharded", "dedicated"}, "what is compared")
	flags.IntVar(&e.Shards, "shards", defaultShards, "number of instances that share the websites")
	flags.StringVar(&e.Scenario, "scenario", "basic", "what load there is: `experiment scenarios` lists them")
	flags.Float64Var(&e.Scale, "scale", 0.1, "factor from 0.001 to 10 for the size of the load")
	flags.StringArrayVar(&e.Set, "set", nil, "set a parameter of the scenario, like hold=30s")
	flags.Uint64Var(&e.Seed, "seed", 1, "chooses what is random, the same for all set-ups")
	flags.Float64Var(&e.CPU, "cpu", 0, "number of processors that each instance may use; 0: all that there are")
	flags.BoolVar(&e.Profile, "profile", false, "take CPU and heap profiles of every instance meanwhile")
	flags.StringVar(&e.Folder, "results", "", "folder for the results; it must not be there yet (default: a new one in results/)")
	flags.DurationVar(&e.Timeout, "timeout", 15*time.Minute, "how long a set-up, and then its websites, may take until the load can begin")
	return command
}

// completeEvaluation checks the flags, and fills in what they say.
func completeEvaluation(e *evaluate.Evaluation, setups []string, now time.Time) error {
	e.Setups = nil
	for _, setup := range setups {
		mode := operator.Mode(setup)
		switch {
		case !slices.Contains(operator.Modes(), mode):
			return fmt.Errorf("unknown set-up %q: it is singleton, sharded or dedicated", setup)
		case slices.Contains(e.Setups, mode):
			return fmt.Errorf("the set-up %s is there twice", setup)
		}
		e.Setups = append(e.Setups, mode)
	}
	switch {
	case len(e.Setups) == 0:
		return errors.New("there has to be a set-up: singleton, sharded or dedicated")
	case e.Scale < 0.001 || e.Scale > 10:
		return fmt.Errorf("the scale is from 0.001 to 10, not %g", e.Scale)
	case e.Shards < 1 || e.Shards > maxShards:
		return fmt.Errorf("there can be 1 to %d shards, not %d", maxShards, e.Shards)
	case e.Scenario == "" || strings.HasPrefix(e.Scenario, "-"):
		return fmt.Errorf("unknown scenario %q", e.Scenario)
	case e.Timeout <= 0:
		return fmt.Errorf("the timeout must be more than 0, not %s", e.Timeout)
	}
	if e.CPU != 0 {
		if err := cpushare.Check(e.CPU); err != nil {
			return fmt.Errorf("--cpu: %w", err)
		}
	}
	if e.Folder == "" {
		e.Folder = filepath.Join("results", e.Scenario+"-"+now.UTC().Format("20060102-150405"))
	}
	var err error
	if e.Folder, err = filepath.Abs(e.Folder); err != nil {
		return fmt.Errorf("finding the folder of the results: %w", err)
	}
	return nil
}

func newReport() *cobra.Command {
	return &cobra.Command{
		Use:     "report FOLDER",
		Short:   "Write the report of an evaluation anew, from its results",
		Example: `  local report results/basic-20260105-093000`,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) != 1 {
				return usageError{errors.New("report takes the folder of one evaluation")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, arguments []string) error { return evaluate.Report(arguments[0]) },
	}
}
