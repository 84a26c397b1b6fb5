// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package evaluate runs the same load against several set-ups, each on a fresh local cluster, and writes a report of what it
// took and how it went.
package evaluate

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/monitoring"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// Evaluation is what shall be run.
type Evaluation struct {
	Checkout checkout.Checkout
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
	// Timeout is how long a set-up may take to get ready.
	Timeout time.Duration
	// Exclusively runs a function while no other process of the checkout changes what runs.
	Exclusively func(context.Context, func() error) error
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

// Run runs all of it. The folder appears when everything is in it; nothing stays of an evaluation that was broken off.
func (e *Evaluation) Run(ctx context.Context) (Outcome, error) {
	var outcome Outcome
	before, err := bringup.LookBefore(ctx, e.Checkout)
	if err != nil {
		return outcome, err
	}
	if before.Ran() {
		return outcome, fmt.Errorf("a local cluster is up, and an evaluation needs fresh ones: end it with `make down` first")
	}
	if err := e.build(ctx); err != nil {
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

// setup runs the load against one set-up, on a cluster that is there for nothing else.
func (e *Evaluation) setup(ctx context.Context, mode operator.Mode, folder string, about *evaluation.About, outcome *Outcome) (failure error) {
	defer func() {
		// What was begun is ended in any case, and also when it was interrupted.
		down := func() error { return bringup.Down(context.WithoutCancel(ctx), e.Checkout, io.Discard) }
		if err := e.Exclusively(context.WithoutCancel(ctx), down); err != nil && failure == nil {
			failure = err
		}
	}()
	up := &bringup.Up{
		Checkout: e.Checkout, Mode: mode, Timeout: e.Timeout, Out: e.Progress,
		Extras: bringup.Extras{Prometheus: true, Profiling: e.Profile, CPU: e.CPU},
	}
	if mode.Shares() {
		up.Shards = e.Shards
	}
	if err := e.Exclusively(ctx, func() error { return up.Serve(ctx) }); err != nil {
		return err
	}
	var err error
	if about.Machine.Kubernetes, err = kube.Version(e.Checkout.Kubeconfig()); err != nil {
		return err
	}
	prometheus, err := monitoring.URL(e.Checkout)
	if err != nil {
		return err
	}

	if err := monitoring.WaitScraped(ctx, e.Checkout); err != nil {
		return err
	}
	stopProfiles := e.profile(ctx)
	valid, err := e.experiment(ctx, mode, prometheus, folder)
	profiles := stopProfiles()
	if err != nil {
		return err
	}
	if !valid {
		outcome.Invalid = append(outcome.Invalid, string(mode))
	}
	met, end, err := e.measure(ctx, prometheus, folder)
	if err != nil {
		return err
	}
	if !met {
		outcome.Missed = append(outcome.Missed, string(mode))
	}
	return writeProfiles(folder, profiles, end)
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
