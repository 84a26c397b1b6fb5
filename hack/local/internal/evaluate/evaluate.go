// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package evaluate runs the same load against several set-ups, each on a fresh local cluster, and writes a report of what it
// took and how it went.
package evaluate

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/monitoring"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/profiles"
)

// Evaluation is what shall be run.
type Evaluation struct {
	Checkout checkout.Checkout
	Stage    Stage
	Setups   []operator.Mode
	// Shards is the number of instances of the operator in the set-ups that share the websites.
	Shards   int
	Scenario string
	Scale    float64
	// Set are parameters of the scenario, as NAME=VALUE.
	Set  []string
	Seed uint64
	// CPU is the number of processors that each instance may use; 0 for all that there are.
	CPU float64
	// Profile has profiles taken meanwhile.
	Profile bool
	// Folder is where everything goes. It must not be there yet.
	Folder string
	// Timeout is how long it may take until the load can begin.
	Timeout time.Duration
	// Progress receives what is going on.
	Progress io.Writer
}

// Outcome is how it went.
type Outcome struct {
	// Invalid are the set-ups whose run was not what the scenario promises.
	Invalid []string
	// Missed are the set-ups that missed a service level objective.
	Missed []string
}

// Tell says what is not as it should be, and reports whether all is.
func (o Outcome) Tell(out io.Writer) (good bool) {
	for _, setup := range o.Invalid {
		fmt.Fprintf(out, "the run of the set-up %s is INVALID: the report says why\n", setup)
	}
	for _, setup := range o.Missed {
		fmt.Fprintf(out, "the set-up %s MISSED a service level objective\n", setup)
	}
	return len(o.Invalid)+len(o.Missed) == 0
}

// Run runs all of it. The folder appears when everything is in it; nothing stays of an evaluation that was broken off.
func (e *Evaluation) Run(ctx context.Context) (Outcome, error) {
	var outcome Outcome
	if err := e.Stage.Prepare(ctx); err != nil {
		return outcome, err
	}
	if err := e.check(ctx); err != nil {
		return outcome, err
	}
	folder, err := newFolder(e.Folder)
	if err != nil {
		return outcome, err
	}
	defer folder.discard()

	about := evaluation.About{
		Scenario: e.Scenario, Scale: e.Scale, Seed: e.Seed, Begin: time.Now().UTC(), Machine: machine.Describe(ctx, e.Checkout),
		Command: e.command(), CPU: e.CPU, Profiled: e.Profile, ScrapeInterval: monitoring.Interval.Seconds(),
	}
	for _, setup := range e.Setups {
		about.Setups = append(about.Setups, string(setup))
		fmt.Fprintf(e.Progress, "\n--- set-up %s\n", setup)
		if err := e.setup(ctx, setup, folder.path(string(setup)), &about, &outcome); err != nil {
			return outcome, fmt.Errorf("set-up %s: %w", setup, err)
		}
	}
	if err := folder.writeJSON(evaluation.File, about); err != nil {
		return outcome, err
	}
	if err := Report(folder.path("")); err != nil {
		return outcome, err
	}
	return outcome, folder.complete()
}

// setup runs the load against one set-up.
func (e *Evaluation) setup(ctx context.Context, mode operator.Mode, folder string, about *evaluation.About, outcome *Outcome) (failure error) {
	defer func() {
		// What was begun is ended in any case, and also when it was interrupted.
		if err := e.Stage.Clear(context.WithoutCancel(ctx)); err != nil && failure == nil {
			failure = err
		}
	}()
	raised, err := e.Stage.Raise(ctx, mode)
	if err != nil {
		return err
	}
	about.Machine.Kubernetes = raised.Kubernetes

	stopProfiles := e.profile(ctx)
	valid, err := e.experiment(ctx, mode, raised.Prometheus, folder)
	taken := stopProfiles()
	if err != nil {
		return err
	}
	if !valid {
		outcome.Invalid = append(outcome.Invalid, string(mode))
	}
	met, load, err := e.measure(ctx, raised.Prometheus, folder)
	if err != nil {
		return err
	}
	if !met {
		outcome.Missed = append(outcome.Missed, string(mode))
	}
	return profiles.Write(filepath.Join(folder, "profiles"), taken, load.Begin, load.End)
}

// command is what repeats the evaluation.
func (e *Evaluation) command() string {
	setups := make([]string, 0, len(e.Setups))
	for _, setup := range e.Setups {
		setups = append(setups, string(setup))
	}
	var command strings.Builder
	fmt.Fprintf(&command, "bin/local evaluate --setups %s --scenario %s --scale %g --shards %d --seed %d",
		strings.Join(setups, ","), e.Scenario, e.Scale, e.Shards, e.Seed)
	for _, set := range e.Set {
		command.WriteString(" --set " + set)
	}
	if e.CPU > 0 {
		fmt.Fprintf(&command, " --cpu %g", e.CPU)
	}
	if e.Profile {
		command.WriteString(" --profile")
	}
	return command.String()
}
