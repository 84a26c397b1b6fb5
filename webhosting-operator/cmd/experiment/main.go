// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Command experiment puts load on the webhosting operator, and measures from outside how it bears that.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/cli"
)

func main() { os.Exit(cli.Main(newCommand(), os.Args[1:])) }

func newCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "experiment",
		Short: "Put load on the webhosting operator, and measure how it bears that",
		Long: `Puts the load of a scenario on the webhosting operator and measures from outside, by a watch of its own, how long it
takes until what was asked for is so. It removes what it made.

Exit codes: 0 all went well, 1 something failed, 2 the command line is wrong, 3 the run is invalid because the load was not
what the scenario promises, 130 interrupted.`,
		Args: cli.NoArguments,
		RunE: func(command *cobra.Command, _ []string) error { return command.Help() },
	}
	root.AddCommand(newRun(), newScenarios())
	return root
}
