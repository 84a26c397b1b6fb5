// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/cli"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/inventory"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/population"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/progress"
)

const name = "samples-generator"

// The most that can be asked for: the numbers in names have no more digits, and nobody can need more.
const (
	maxWebsites           = 100_000
	maxProjects, maxTheme = 100, 100
)

// version is set by the linker for releases: -ldflags "-X main.version=v1.2.3".
var version string

// generator is what the command line asks for.
type generator struct {
	population.Population
	kubeconfig, output string
	websites           int
	dryRun             bool
}

func newCommand() *cobra.Command {
	g := &generator{Population: population.Population{GeneratedBy: name}}
	command := &cobra.Command{
		Use:   name,
		Short: "Fill a cluster with random websites",
		Long: `Makes random projects, themes and websites. The same seed and numbers always make the same objects, and what is there
already stays, so that it can be run again, also after it was interrupted, or with more websites. What it made has the
label webhosting.timebertt.dev/generated-by=samples-generator; "samples-generator delete" removes that and nothing else.

Exit codes: 0 all went well, 1 something failed, 2 the command line is wrong, 130 interrupted.`,
		Example: `  samples-generator --websites 20
  samples-generator --websites 5000 --projects 20 --themes 50 --skip-workload
  samples-generator --websites 3 --dry-run > samples.yaml
  samples-generator delete`,
		Args: cli.NoArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			if err := g.check(); err != nil {
				return cli.Usage(err)
			}
			if g.dryRun {
				return writeYAML(os.Stdout, g.objects())
			}
			return g.generate(command.Context())
		},
	}
	flags := command.Flags()
	flags.IntVar(&g.websites, "websites", 10, "how many websites")
	flags.IntVar(&g.Projects, "projects", 2, "how many projects, each a namespace, they are spread over")
	flags.IntVar(&g.Themes, "themes", 3, "how many themes they use")
	flags.Uint64Var(&g.Seed, "seed", 1, "chooses names, themes and projects of the websites, and looks of the themes")
	flags.BoolVar(&g.SkipWorkload, "skip-workload", false, "leave the websites without pods, for load tests")
	flags.BoolVar(&g.dryRun, "dry-run", false, "print the objects as YAML, and do not talk to a cluster")
	flags.StringVarP(&g.output, "output", "o", "", "json: tell for programs what was done; yaml: the same as --dry-run")
	command.PersistentFlags().StringVar(&g.kubeconfig, "kubeconfig", "", "file that says how to reach the cluster (default: that of kubectl)")
	command.AddCommand(newDelete(&g.kubeconfig))
	return command
}

func (g *generator) check() error {
	switch {
	case g.websites < 1 || g.websites > maxWebsites:
		return fmt.Errorf("there can be 1 to %d websites, not %d", maxWebsites, g.websites)
	case g.Projects < 1 || g.Projects > maxProjects:
		return fmt.Errorf("there can be 1 to %d projects, not %d", maxProjects, g.Projects)
	case g.Themes < 1 || g.Themes > maxTheme:
		return fmt.Errorf("there can be 1 to %d themes, not %d", maxTheme, g.Themes)
	}
	switch g.output {
	case "yaml":
		g.dryRun = true
	case "json":
		if g.dryRun {
			return fmt.Errorf("a dry run prints YAML, not JSON")
		}
	case "":
	default:
		return fmt.Errorf("unknown output format %q: it is json, yaml, or left out", g.output)
	}
	return nil
}

// objects returns everything in the order in which it is made.
func (g *generator) objects() []client.Object {
	var objects []client.Object
	for _, project := range g.AllProjects() {
		objects = append(objects, project)
	}
	for _, theme := range g.AllThemes() {
		objects = append(objects, theme)
	}
	for i := range g.websites {
		objects = append(objects, g.Website(i))
	}
	return objects
}

func (g *generator) generate(ctx context.Context) error {
	known, err := connect(g.kubeconfig)
	if err != nil {
		return err
	}
	objects := g.objects()
	if err := known.RefuseTaken(ctx, objects); err != nil {
		return err
	}
	task := progress.OnStandardError(clock.RealClock{}).Start("making projects, themes and websites", len(objects))
	// The websites come last: their namespaces must be there, and without their themes they would be in phase Error.
	surroundings := g.Projects + g.Themes
	err = known.Apply(ctx, objects[:surroundings], task.Step)
	if err == nil {
		err = known.Apply(ctx, objects[surroundings:], task.Step)
	}
	task.End()
	if err != nil {
		return fmt.Errorf("%w (running it again goes on from there)", err)
	}
	return tell(g.output, "made", inventory.Left{Websites: g.websites, Projects: g.Projects, Themes: g.Themes})
}

func connect(kubeconfig string) (inventory.Inventory, error) {
	config, err := cli.Config(kubeconfig, name+"/"+component.ShortVersion(version))
	if err != nil {
		return inventory.Inventory{}, err
	}
	c, err := client.New(config, client.Options{Scheme: cli.Scheme()})
	if err != nil {
		return inventory.Inventory{}, fmt.Errorf("reaching the cluster: %w", err)
	}
	return inventory.Inventory{Client: c, Owner: name}, nil
}
