// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/audit"
)

// Writes writes a table of writes.
func Writes(out io.Writer, writes []audit.Write) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TIME\tBY\tVERB\tRESOURCE\tOBJECT\tCODE")
	for _, write := range writes {
		by := write.By
		if write.Sharder {
			by += " (sharder)"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\n",
			write.Time.Local().Format("15:04:05.000"), by, write.Verb, write.Resource, write.Object, write.Code)
	}
	return table.Flush()
}
