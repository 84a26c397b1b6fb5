// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
)

// instanceTimeout is how long an instance may take until it is ready.
const instanceTimeout = time.Minute

func newStart() *cobra.Command {
	return &cobra.Command{
		Use:   "start",
		Short: "Start the instances again that were killed",
		Long: `Starts the instances again that "local kill" ended, as they were, and waits until they are ready. Other than "local up", it
neither builds nor applies anything. It is fine if there are none.`,
		Example: `  local start`,
		Args:    noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			c, err := here()
			if err != nil {
				return err
			}
			ctx := command.Context()
			up := &bringup.Up{Checkout: c, Timeout: instanceTimeout, Out: os.Stdout}
			return exclusively(ctx, c, func() error {
				names, err := up.Start(ctx)
				switch {
				case err != nil:
				case len(names) == 0:
					fmt.Println("none was killed since the last `make up`")
				default:
					fmt.Printf("started again: %s\n", strings.Join(names, ", "))
				}
				return err
			})
		},
	}
}

func newRestart() *cobra.Command {
	return &cobra.Command{
		Use:   "restart INSTANCE",
		Short: "Stop an instance gracefully, and start it again",
		Long: `Stops an instance of the operator, or of the sharder where it runs apart, as an update does, starts it again and waits
until it is ready.`,
		Example: `  local restart webhosting-operator-2`,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) != 1 || arguments[0] == "" {
				return usageError{fmt.Errorf("restart takes the name of one instance: `make status` lists them")}
			}
			return nil
		},
		RunE: func(command *cobra.Command, arguments []string) error {
			c, err := here()
			if err != nil {
				return err
			}
			ctx := command.Context()
			up := &bringup.Up{Checkout: c, Timeout: instanceTimeout, Out: os.Stdout}
			err = exclusively(ctx, c, func() error { return up.Restart(ctx, arguments[0]) })
			if err == nil {
				fmt.Printf("%s was restarted and is ready\n", arguments[0])
			}
			return err
		},
	}
}
