// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/audit"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/report"
)

func newWrites() *cobra.Command {
	var last int
	var object, output string
	command := &cobra.Command{
		Use:   "writes",
		Short: "Tell who wrote what, from the API server's audit log",
		Long: `Tells which instance of the operator wrote which object, from the audit log of the API server, .local/audit.log.
Renewals of leases are left out.`,
		Example: `  local writes
  local writes --object project-garden/herbs
  local writes --last 1000 -o json`,
		Args: noArguments,
		RunE: func(_ *cobra.Command, _ []string) error {
			if output != "" && output != "json" {
				return usageError{fmt.Errorf("unknown output format %q: it is json, or left out", output)}
			}
			if last < 1 {
				return usageError{fmt.Errorf("the number of writes must be at least 1, not %d", last)}
			}
			c, err := here()
			if err != nil {
				return err
			}
			writes := []audit.Write{}
			err = audit.Read(c.State("audit.log"), func(write audit.Write) {
				if write.Resource == "leases" || (object != "" && write.Object != object) {
					return
				}
				if writes = append(writes, write); len(writes) > 2*last {
					writes = append(writes[:0], writes[len(writes)-last:]...)
				}
			})
			if err != nil {
				return err
			}
			writes = writes[max(0, len(writes)-last):]
			if output == "json" {
				encoder := json.NewEncoder(os.Stdout)
				encoder.SetIndent("", "  ")
				return encoder.Encode(writes)
			}
			return report.Writes(os.Stdout, writes)
		},
	}
	command.Flags().IntVar(&last, "last", 40, "how many writes to tell, the last ones")
	command.Flags().StringVar(&object, "object", "", "only writes of objects of this NAMESPACE/NAME")
	command.Flags().StringVarP(&output, "output", "o", "", "json for programs")
	return command
}
