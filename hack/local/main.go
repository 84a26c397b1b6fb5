// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Local runs a cluster on this machine and websites in it, see `local --help`.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second Ctrl-C ends the command at once.
	context.AfterFunc(ctx, stop)
	os.Exit(cli.Local(ctx, os.Args[1:]))
}
