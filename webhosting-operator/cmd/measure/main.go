// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Command measure asks Prometheus what happened in a time range, and writes it to files.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/measure"
)

const name = "measure"

// The exit codes.
const (
	exitFailure = 1
	exitUsage   = 2
	exitMissed  = 3
)

// errMissed ends the program without a message: the summary says which objectives were missed.
var errMissed = errors.New("an objective was missed")

// usageError marks what is wrong with the command line or the file of queries.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newCommand(os.Stdout, time.Now).ExecuteContext(ctx)
	stop()
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errMissed):
		return exitMissed
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	if _, ok := errors.AsType[usageError](err); ok {
		return exitUsage
	}
	return exitFailure
}

func newCommand(out io.Writer, now func() time.Time) *cobra.Command {
	var opts options
	command := &cobra.Command{
		Use:   name + " QUERIES.yaml",
		Short: "Ask Prometheus what happened in a time range, and write it to files",
		Long: `Runs the queries of a file over a time range and writes what each returns to a file of comma-separated values:
the time, the labels, the value. The files appear when all queries were answered.

  queries:
  - name: cpu                 # names the file that is written
    query: sum by (instance) (rate(process_cpu_seconds_total[1m]))
    type: range               # the default: a value a step; instant: one value, at the end
    step: 15s                 # only of ranges; the default is --step
    optional: true            # returning nothing is no failure
  - name: queue_p99
    query: histogram_quantile(0.99, sum by (le) (increase(workqueue_queue_duration_seconds_bucket[$__range])))
    type: instant
    slo: {comparison: "<=", threshold: 1}

$__range stands for the length of the time range.

Exit codes: 0 all went well, 1 something failed and nothing was written, 2 the command line or the file is wrong,
3 all was written, but the values of a query miss its objective.`,
		Example: `  measure queries.yaml --start 2026-01-05T09:30:00Z --end 2026-01-05T09:45:00Z --output-dir results --prefix sharded-
  measure queries.yaml --last 15m --prometheus http://127.0.0.1:9090 -o json`,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) != 1 {
				return usageError{fmt.Errorf("it needs one file of queries (see %s --help)", name)}
			}
			return nil
		},
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(command *cobra.Command, arguments []string) error {
			return run(command.Context(), arguments[0], &opts, now(), out)
		},
	}
	command.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w (see %s --help)", err, name)}
	})
	opts.addFlags(command.Flags())
	return command
}

func run(ctx context.Context, file string, opts *options, now time.Time, out io.Writer) error {
	if err := opts.complete(now); err != nil {
		return usageError{err}
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return usageError{fmt.Errorf("reading the queries: %w", err)}
	}
	queries, err := measure.Decode(content)
	if err != nil {
		return usageError{fmt.Errorf("%s: %w", file, err)}
	}
	api, err := opts.connect()
	if err != nil {
		return usageError{err}
	}

	asker := measure.Asker{API: api, Start: opts.start, End: opts.end, Step: opts.step}
	results, err := asker.Ask(ctx, queries)
	if err != nil {
		return fmt.Errorf("%s, Prometheus at %s: %w", file, opts.prometheus, err)
	}
	paths, err := measure.Write(opts.outputDir, opts.prefix, results)
	if err != nil {
		return err
	}
	summary := measure.Summarize(opts.start, opts.end, results, paths)
	write := summary.Text
	if opts.output == "json" {
		write = summary.JSON
	}
	if err := write(out); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	if !summary.Met {
		return errMissed
	}
	return nil
}
