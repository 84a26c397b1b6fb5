// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package cli is the command lines of the commands local and cluster.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/filelock"
)

// The exit codes of the command.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitUnhealthy   = 3
	exitInterrupted = 130
)

// errUnhealthy ends the command without a message, since what is wrong was reported already.
var errUnhealthy = errors.New("not healthy")

// usageError marks errors in the command line.
type usageError struct{ error }

// Local runs the command line of local, and returns the exit code.
func Local(ctx context.Context, arguments []string) int { return run(ctx, newLocal(), arguments) }

// Cluster runs the command line of cluster, and returns the exit code.
func Cluster(ctx context.Context, arguments []string) int { return run(ctx, newCluster(), arguments) }

func run(ctx context.Context, root *cobra.Command, arguments []string) int {
	// The libraries would complain that nobody told them where to log to.
	log.SetLogger(logr.Discard())
	root.SetArgs(arguments)
	root.SilenceUsage, root.SilenceErrors = true, true
	// Without something to run, cobra answers an unknown command with the help, as if all were well.
	root.Args = noArguments
	root.RunE = func(command *cobra.Command, _ []string) error { return command.Help() }
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{plainly(err)} })
	root.CompletionOptions.HiddenDefaultCmd = true
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errUnhealthy):
		return exitUnhealthy
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, err)
		return exitInterrupted
	case errors.As(err, &usage):
		fmt.Fprintf(os.Stderr, "%s: %v\n", root.Name(), err)
		return exitUsage
	default:
		fmt.Fprintf(os.Stderr, "%s: %v\n", root.Name(), err)
		return exitFailure
	}
}

// plainly says what a flag takes where the error tells how that was parsed.
func plainly(err error) error {
	invalid, isValue := errors.AsType[*pflag.InvalidValueError](err)
	if _, isNumber := errors.AsType[*strconv.NumError](err); isValue && isNumber {
		flag := invalid.GetFlag()
		return fmt.Errorf("--%s: %q is not a valid %s", flag.Name, invalid.GetValue(), flag.Value.Type())
	}
	return err
}

func newLocal() *cobra.Command {
	root := &cobra.Command{
		Use:   "local",
		Short: "Runs a cluster on this machine, and websites in it",
		Long: `Runs a real API server, etcd, controller manager and scheduler on this machine, with nodes and pods that are
simulated, and the webhosting operator's instances as processes next to it. No containers and no root are needed.
All that belongs to a checkout is in its folder .local, and several checkouts can be up side by side.

Exit codes: 0 all went well, 1 something failed, 2 the command line is wrong, 3 status found a problem,
130 interrupted.`,
	}
	root.AddCommand(newPrograms(), newUp(), newDown(), newStatus(), newKill(), newStart(), newRestart(),
		newWrites(), newMeasure(), newMeasureSharder(), newEvaluate(), newReport(), newSupervise())
	return root
}

func noArguments(command *cobra.Command, arguments []string) error {
	if len(arguments) > 0 {
		return usageError{fmt.Errorf("unknown argument %q for %s", arguments[0], command.CommandPath())}
	}
	return nil
}

func here() (checkout.Checkout, error) {
	folder, err := os.Getwd()
	if err != nil {
		return checkout.Checkout{}, fmt.Errorf("finding the checkout: %w", err)
	}
	return checkout.Find(folder)
}

// exclusively runs the function while no other process of this checkout changes anything.
func exclusively(ctx context.Context, c checkout.Checkout, run func() error) error {
	lock, err := filelock.Acquire(ctx, c.State(bringup.LockFile), func() {
		fmt.Fprintln(os.Stderr, "another `make up` or `make down` is at work in this checkout: waiting for it")
	})
	if err != nil {
		return err
	}
	defer lock.Release()
	return run()
}
