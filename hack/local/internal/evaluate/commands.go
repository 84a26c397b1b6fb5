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
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/gotool"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

const (
	// exitVerdict is the exit code of experiment for an invalid run, and of measure for a missed objective: all went well,
	// but what came out is not what should.
	exitVerdict = 3
	// stopGrace is how long the experiment may take to end when it is interrupted. What it made goes with the cluster.
	stopGrace = 10 * time.Second
)

// build builds the programs that the evaluation runs.
func (e *Evaluation) build(ctx context.Context) error {
	for _, program := range []string{"experiment", "measure"} {
		err := gotool.Run(ctx, e.Checkout.Path(operator.Name), nil, "build", "-buildvcs=false", "-o", e.binary(program), "./cmd/"+program)
		if err != nil {
			return fmt.Errorf("building %s: %w", program, err)
		}
	}
	return nil
}

func (e *Evaluation) binary(program string) string { return e.Checkout.Path("bin/" + program) }

// experiment puts the load on the set-up, and reports whether it was what the scenario promises.
func (e *Evaluation) experiment(ctx context.Context, mode operator.Mode, prometheus, folder string) (valid bool, err error) {
	arguments := []string{
		"run", e.Scenario, "--kubeconfig", e.Checkout.Kubeconfig(), "--setup", string(mode), "--results", filepath.Join(folder, "load"),
		"--scale", strconv.FormatFloat(e.Scale, 'g', -1, 64), "--seed", strconv.FormatUint(e.Seed, 10),
		"--prometheus", prometheus, "--fleet", "local", "--local-command", e.binary("local"),
	}
	for _, set := range e.Set {
		arguments = append(arguments, "--set", set)
	}
	command := exec.CommandContext(ctx, e.binary("experiment"), arguments...)
	command.Dir = e.Checkout.Path("")
	command.Stdout, command.Stderr = e.Progress, e.Progress
	return verdict(ctx, command)
}

// measure asks Prometheus what happened during the load, and reports whether the objectives were met and when the load ended.
func (e *Evaluation) measure(ctx context.Context, prometheus, folder string) (met bool, end time.Time, err error) {
	var result evaluation.Result
	content, err := os.ReadFile(filepath.Join(folder, "load", "result.json"))
	if err != nil {
		return false, end, fmt.Errorf("reading what the experiment left behind: %w", err)
	}
	if err := json.Unmarshal(content, &result); err != nil {
		return false, end, fmt.Errorf("reading what the experiment left behind: %w", err)
	}
	var summary bytes.Buffer
	command := exec.CommandContext(ctx, e.binary("measure"), e.Checkout.Path("hack/evaluate/queries.yaml"),
		"--prometheus", prometheus, "--start", result.Begin.Format(time.RFC3339Nano), "--end", result.End.Format(time.RFC3339Nano),
		"--output-dir", filepath.Join(folder, "metrics"))
	command.Stdout, command.Stderr = &summary, e.Progress
	met, err = verdict(ctx, command)
	for line := range strings.Lines(summary.String()) {
		if strings.Contains(line, "MISSED") {
			fmt.Fprint(e.Progress, line)
		}
	}
	return met, result.End, err
}

// verdict runs the command, and reports whether what came out is what should.
func verdict(ctx context.Context, command *exec.Cmd) (good bool, err error) {
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = stopGrace
	err = command.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return true, nil
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.As(err, &exit) && exit.ExitCode() == exitVerdict:
		return false, nil
	default:
		return false, fmt.Errorf("running %s: %w", filepath.Base(command.Path), err)
	}
}
