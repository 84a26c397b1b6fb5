// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

// NextSteps writes what to try in a cluster that is up, as commands that can be copied: the themes and shards in them
// exist.
func NextSteps(out io.Writer, kubeconfig string, mode operator.Mode, shards int, all []websites.Website) error {
	fmt.Fprintf(out, "Try next:\n\n  export KUBECONFIG=%s\n\n", quote(kubeconfig))
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	step := func(command, comment string) { fmt.Fprintf(table, "  %s\t# %s\n", command, comment) }

	watch := "bin/kubectl get websites -A -w"
	if mode.Shares() {
		watch += " -L " + operator.LabelShard
	}
	step(watch, "watch the websites, in a terminal of its own")
	if theme := anyTheme(all); theme != "" {
		step(fmt.Sprintf(`bin/kubectl patch theme %s --type=merge -p '{"spec":{"color":"rebeccapurple"}}'`, theme),
			"change a theme: all its websites follow")
	}
	if mode.Shares() {
		asMode := ""
		if mode != operator.Sharded { // the default
			asMode = "MODE=" + string(mode) + " "
		}
		step(fmt.Sprintf("make up %sSHARDS=%d", asMode, shards+1), "one more shard: some websites move to it")
		if shards > 1 {
			step("make kill SHARD="+busiest(mode.Instances(shards), all),
				"end a shard by force: the others take over; the next `make up` brings it back")
		}
		if mode == operator.Dedicated {
			step("make kill SHARD="+sharder.Instances()[0], "end an instance of the sharder: the other one takes over")
			step("make up MODE=sharded", "the same websites, with the sharder in one of the shards")
		} else {
			step("make up MODE=dedicated", "the same websites, with the sharder apart, and assigned by its webhook")
		}
		step("make up MODE=singleton", "the same websites, with one instance for all of them")
	} else {
		step("make up MODE=sharded", "the same websites, shared among three instances")
	}
	step("make writes", "who wrote what, from the audit log of the API server")
	step("make status", "what runs, and how the websites are")
	step("make down", "end it all, and remove it")
	return table.Flush()
}

// busiest returns the shard with most websites, or the last of several.
func busiest(shards []string, all []websites.Website) string {
	count := map[string]int{}
	for _, website := range all {
		count[website.Shard]++
	}
	return slices.MaxFunc(shards, func(a, b string) int { return cmp.Or(count[a]-count[b], strings.Compare(a, b)) })
}

// anyTheme returns the theme that most websites use, or the first of several by name; empty if there is none.
func anyTheme(all []websites.Website) string {
	uses := map[string]int{}
	for _, website := range all {
		uses[website.Theme]++
	}
	var themes []string
	for theme := range uses {
		if theme != "" {
			themes = append(themes, theme)
		}
	}
	if len(themes) == 0 {
		return ""
	}
	slices.Sort(themes)
	return slices.MaxFunc(themes, func(a, b string) int { return uses[a] - uses[b] })
}
