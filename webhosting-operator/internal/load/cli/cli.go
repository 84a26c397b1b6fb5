// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package cli is what the command lines of the load programs have in common.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-logr/logr"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// The exit codes of the programs.
const (
	exitFailure     = 1
	exitUsage       = 2
	exitInvalid     = 3
	exitInterrupted = 130
)

// ErrInvalid ends a program without a message, when what is wrong with its result was told already.
var ErrInvalid = errors.New("the result is not valid")

// usage marks an error in the command line.
type usage struct{ error }

// Usage marks an error as one in the command line.
func Usage(err error) error { return usage{err} }

// Usagef returns an error in the command line.
func Usagef(format string, arguments ...any) error { return usage{fmt.Errorf(format, arguments...)} }

// Main runs the command line of a program, and returns the exit code. The first Ctrl-C ends the context, the second one
// the program.
func Main(root *cobra.Command, arguments []string) int {
	// The libraries would complain that nobody told them where to log to.
	log.SetLogger(logr.Discard())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage{err} })
	root.SetArgs(arguments)
	err := root.ExecuteContext(ctx)
	switch _, wrong := errors.AsType[usage](err); {
	case err == nil:
		return 0
	case errors.Is(err, ErrInvalid):
		return exitInvalid
	case ctx.Err() != nil:
		fmt.Fprintf(os.Stderr, "\n%s: interrupted: %v\n", root.Name(), err)
		return exitInterrupted
	case wrong:
		fmt.Fprintf(os.Stderr, "%s: %v (see %s --help)\n", root.Name(), err, root.Name())
		return exitUsage
	default:
		fmt.Fprintf(os.Stderr, "%s: %v\n", root.Name(), err)
		return exitFailure
	}
}

// NoArguments refuses arguments, and names the first.
func NoArguments(_ *cobra.Command, arguments []string) error {
	if len(arguments) > 0 {
		return Usagef("unknown argument %q", arguments[0])
	}
	return nil
}

// Config returns how a program talks to the cluster of a kubeconfig, which may be empty for the usual one. It does not
// slow itself down: how much it asks for is up to the program.
func Config(kubeconfig, program string) (*rest.Config, error) {
	return component.RestConfig(&componentconfig.ClientConnection{Kubeconfig: kubeconfig, QPS: -1}, program)
}

// Scheme knows the kinds that the programs read and write.
func Scheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))
	return scheme
}
