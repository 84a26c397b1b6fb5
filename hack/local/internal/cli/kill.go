// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
)

func newKill() *cobra.Command {
	return &cobra.Command{
		Use:   "kill INSTANCE",
		Short: "End an instance of the operator or the sharder by force, as if its machine had died",
		Long: `Ends an instance of the operator, or of the sharder where it runs apart, with SIGKILL and does not start it again, so
that the others have to notice and take over what it did. "local up" starts it again.`,
		Example: `  local kill webhosting-operator-2`,
		Args: func(_ *cobra.Command, arguments []string) error {
			if len(arguments) != 1 || arguments[0] == "" {
				return usageError{fmt.Errorf("kill takes the name of one instance: `make status` lists them")}
			}
			return nil
		},
		RunE: func(command *cobra.Command, arguments []string) error {
			c, err := here()
			if err != nil {
				return err
			}
			ctx := command.Context()
			err = exclusively(ctx, c, func() error { return bringup.Kill(ctx, c, arguments[0]) })
			if err == nil {
				fmt.Printf("%s was killed and stays down; `make up` starts it again\n", arguments[0])
			}
			return err
		},
	}
}
