// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

const (
	// exitVerdict is the exit code of experiment for an invalid run, and of measure for a missed objective: all went well,
	// but what came out is not what should.
	exitVerdict = 3
	// exitUsage is their exit code for a command line that is wrong.
	exitUsage = 2
	// stopGrace is how long the experiment may take to end when it is interrupted.
	stopGrace = 10 * time.Second
)

func (e *Evaluation) binary(program string) string { return e.Checkout.Path("bin/" + program) }

// load is what the experiment has to know of the load.
func (e *Evaluation) load() []string {
	arguments := []string{e.Scenario, "--scale", strconv.FormatFloat(e.Scale, 'g', -1, 64)}
	for _, set := range e.Set {
		arguments = append(arguments, "--set", set)
	}
	return arguments
}

// experiment puts the load on the set-up, and reports whether it was what the scenario promises.
func (e *Evaluation) experiment(ctx context.Context, mode operator.Mode, prometheus, folder string) (valid bool, err error) {
	// What it made goes with the cluster.
	arguments := append([]string{"run"}, e.load()...)
	arguments = append(arguments,
		"--kubeconfig", e.Checkout.Kubeconfig(), "--setup", string(mode), "--setup-timeout", e.Timeout.String(), "--results", filepath.Join(folder, "load"), "--keep",
		"--seed", strconv.FormatUint(e.Seed, 10), "--prometheus", prometheus, "--fleet", "local", "--local-command", e.binary("local"))
	command := exec.CommandContext(ctx, e.binary("experiment"), arguments...)
	command.Dir = e.Checkout.Path("")
	command.Stdout, command.Stderr = e.Progress, e.Progress
	return verdict(ctx, command)
}

// measure asks Prometheus what happened, and reports whether the objectives were met, and what the load was.
func (e *Evaluation) measure(ctx context.Context, prometheus, folder string) (met bool, load evaluation.Span, err error) {
	var result evaluation.Result
	content, err := os.ReadFile(filepath.Join(folder, "load", "result.json"))
	if err != nil {
		return false, load, fmt.Errorf("reading what the experiment left behind: %w", err)
	}
	if err := json.Unmarshal(content, &result); err != nil {
		return false, load, fmt.Errorf("reading what the experiment left behind: %w", err)
	}
	met = true
	spans := result.Spans()
	for _, span := range spans {
		var summary bytes.Buffer
		command := exec.CommandContext(ctx, e.binary("measure"), e.Checkout.Path("hack/evaluate/"+span.Name+".yaml"),
			"--prometheus", prometheus, "--start", span.Begin.Format(time.RFC3339Nano), "--end", span.End.Format(time.RFC3339Nano),
			"--output-dir", filepath.Join(folder, "metrics"))
		command.Stdout, command.Stderr = &summary, e.Progress
		good, err := verdict(ctx, command)
		if err != nil {
			return false, load, err
		}
		// A search for the capacity misses the objectives on purpose.
		if good || len(result.Capacity) > 0 {
			continue
		}
		met = false
		for line := range strings.Lines(summary.String()) {
			if strings.Contains(line, "MISSED") {
				fmt.Fprint(e.Progress, line)
			}
		}
	}
	return met, spans[0], nil
}

// verdict runs the command, and reports whether what came out is what should.
func verdict(ctx context.Context, command *exec.Cmd) (good bool, err error) {
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = stopGrace
	err = command.Run()
	switch exit, exited := errors.AsType[*exec.ExitError](err); {
	case err == nil:
		return true, nil
	case ctx.Err() != nil:
		return false, ctx.Err()
	case exited && exit.ExitCode() == exitVerdict:
		return false, nil
	default:
		return false, fmt.Errorf("running %s: %w", filepath.Base(command.Path), err)
	}
}
