// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
)

func newStatus() *cobra.Command {
	var output string
	command := &cobra.Command{
		Use:   "status",
		Short: "Tell what runs, and how the websites are",
		Long: `Tells which processes run, what was asked for, and how the websites are. It changes nothing.
It exits with 0 if all is healthy, and with 3 if nothing is up or something is wrong.`,
		Example: `  local status
  local status -o json`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			if output != "" && output != "json" {
				return usageError{fmt.Errorf("unknown output format %q: it is json, or left out", output)}
			}
			c, err := here()
			if err != nil {
				return err
			}
			status, err := bringup.Status(command.Context(), c)
			if err != nil {
				return err
			}
			if output == "json" {
				err = status.JSON(os.Stdout)
			} else {
				err = status.Text(os.Stdout, time.Now())
			}
			if err == nil && !status.Healthy {
				return errUnhealthy
			}
			return err
		},
	}
	command.Flags().StringVarP(&output, "output", "o", "", "json for programs")
	return command
}
