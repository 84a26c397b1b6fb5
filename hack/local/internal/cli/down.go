// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
)

func newDown() *cobra.Command {
	return &cobra.Command{
		Use:   "down",
		Short: "End everything of this checkout and remove its state",
		Long: `Ends the operator's instances and the cluster, whatever of them runs, and removes the folder .local. The programs that
were built stay. It is fine if nothing is up.`,
		Example: `  local down`,
		Args:    noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := here()
			if err != nil {
				return err
			}
			ctx := command.Context()
			return exclusively(ctx, c, func() error { return bringup.Down(ctx, c, os.Stdout) })
		},
	}
}
