// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

// AfterDeploy writes what to try in a cluster that the operator was deployed to, as commands that can be copied.
func AfterDeploy(out io.Writer, mode operator.Mode, all []websites.Website) error {
	fmt.Fprintf(out, "Try next:\n\n")
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	step := func(command, comment string) { fmt.Fprintf(table, "  %s\t# %s\n", command, comment) }
	if len(all) == 0 {
		step("make samples", "create some projects with websites")
	} else {
		one := all[0]
		step(fmt.Sprintf("kubectl get website,deployment,service,ingress -n %s", one.Namespace), "what belongs to the websites of a project")
		if theme := anyTheme(all); theme != "" {
			step(fmt.Sprintf(`kubectl patch theme %s --type=merge -p '{"spec":{"color":"rebeccapurple"}}'`, theme),
				"change a theme: all its websites follow")
		}
	}
	if mode.Shares() {
		step(fmt.Sprintf("kubectl get websites -A -w -L %s", operator.LabelShard), "watch which shard works on which website")
		step(fmt.Sprintf("make deploy MODE=%s SHARDS=5", mode.Overlay()), "more shards: some websites move to them")
	}
	for _, other := range []operator.Mode{operator.Singleton, operator.Sharded, operator.Dedicated} {
		if other != mode {
			step("make deploy MODE="+other.Overlay(), "the same websites in another mode")
		}
	}
	step("make undeploy", "remove the operator; the websites stay and are served (PURGE=true removes them, too)")
	return table.Flush()
}
