// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package report writes for people: tables, and what to try next.
package report

import (
	"cmp"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

// Websites writes a table of the websites. If there are more than the limit, it says how many it left out.
func Websites(out io.Writer, all []websites.Website, limit int) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAMESPACE\tNAME\tTHEME\tPHASE\tSHARD\tPATH")
	for _, website := range all[:min(limit, len(all))] {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n",
			website.Namespace, website.Name, website.Theme, cmp.Or(website.Phase, "-"), cmp.Or(website.Shard, "-"), website.Path())
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if more := len(all) - limit; more > 0 {
		fmt.Fprintf(out, "... and %d more\n", more)
	}
	return nil
}
