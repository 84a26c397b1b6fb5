// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/deploy"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/images"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

func newCluster() *cobra.Command {
	root := &cobra.Command{
		Use:   "cluster",
		Short: "Puts the webhosting operator on a cluster",
		Long: `Puts the operator on the cluster that KUBECONFIG names, or else on the kind cluster of this checkout, in one of its
modes; switches between them in place, and takes it away again. Images are built by ko without Docker.

Environment: KUBECONFIG, KO_DOCKER_REPO (where to publish images to; kind.local: into the nodes of kind),
KO_DEFAULTBASEIMAGE, KIND_CLUSTER_NAME, VERSION.

Exit codes: 0 all went well, 1 something failed, 2 the command line is wrong, 130 interrupted.`,
	}
	root.AddCommand(newDeploy(), newUndeploy(), newSamples(), newInstaller())
	return root
}

func newDeploy() *cobra.Command {
	var mode string
	d := newDeployment()
	command := &cobra.Command{
		Use:   "deploy",
		Short: "Install the operator, or change how it is installed",
		Long: `Builds the images, applies the manifests of the mode, waits for the rollout, removes what another mode had, and prints what
runs. Running it again changes nothing.`,
		Example: `  cluster deploy
  cluster deploy --mode sharded-dedicated --shards 5
  cluster deploy --mode singleton --components monitoring`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			i := slices.IndexFunc(operator.Modes(), func(m operator.Mode) bool { return m.Overlay() == mode || string(m) == mode })
			if i < 0 {
				return usageError{fmt.Errorf("unknown mode %q: it is singleton, sharded or sharded-dedicated", mode)}
			}
			d.Mode = operator.Modes()[i]
			switch {
			case !d.Mode.Shares() && command.Flags().Changed("shards"):
				return usageError{fmt.Errorf("the mode singleton has one instance: leave out the number of shards")}
			case d.Shards < 0 || d.Shards > maxShards || command.Flags().Changed("shards") && d.Shards == 0:
				return usageError{fmt.Errorf("there can be 1 to %d shards, not %d", maxShards, d.Shards)}
			}
			return do(command.Context(), d, d.Run)
		},
	}
	command.Flags().StringVar(&mode, "mode", operator.Sharded.Overlay(), "singleton, sharded or sharded-dedicated")
	command.Flags().IntVar(&d.Shards, "shards", 0, "number of instances that share the websites; 0: as the manifests say")
	command.Flags().StringSliceVar(&d.Components, "components", nil, "components to put on top of the mode's manifests")
	command.Flags().DurationVar(&d.Timeout, "timeout", d.Timeout, "how long each Deployment may take to get ready")
	return command
}

func newUndeploy() *cobra.Command {
	d := newDeployment()
	var purge bool
	command := &cobra.Command{
		Use:   "undeploy",
		Short: "Remove the operator",
		Long: `Removes the operator, and the sharder unless it serves other rings. Websites and themes stay, and are served as they were;
with --purge they are removed with their kinds and the sample projects.`,
		Example: `  cluster undeploy
  cluster undeploy --purge`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			return do(command.Context(), d, func(ctx context.Context) error { return d.Undeploy(ctx, purge) })
		},
	}
	command.Flags().BoolVar(&purge, "purge", false, "remove all websites and themes, too")
	command.Flags().DurationVar(&d.Timeout, "timeout", d.Timeout, "how long each thing may take to end")
	return command
}

func newSamples() *cobra.Command {
	d := newDeployment()
	command := &cobra.Command{
		Use:     "samples",
		Short:   "Create the sample projects with websites, and wait until they are ready",
		Example: `  cluster samples`,
		Args:    noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			return do(command.Context(), d, d.Samples)
		},
	}
	command.Flags().DurationVar(&d.Timeout, "timeout", d.Timeout, "how long the websites may take to get ready")
	return command
}

func newInstaller() *cobra.Command {
	d := newDeployment()
	var folder string
	var platforms []string
	command := &cobra.Command{
		Use:   "installer",
		Short: "Write manifests with images by digest, for people without a checkout",
		Example: `  KO_DOCKER_REPO=example.com/webhosting cluster installer
  kubectl apply --server-side -f dist/install.yaml`,
		Args: noArguments,
		RunE: func(command *cobra.Command, _ []string) error {
			return do(command.Context(), d, func(ctx context.Context) error { return d.Installer(ctx, folder, platforms) })
		},
	}
	command.Flags().StringVar(&folder, "folder", "dist", "where to write them to")
	command.Flags().StringSliceVar(&platforms, "platforms", []string{"linux/amd64", "linux/arm64"}, "what the images are built for")
	return command
}

func newDeployment() *deploy.Deploy {
	return &deploy.Deploy{
		Repository:  cmp.Or(os.Getenv("KO_DOCKER_REPO"), images.InKind),
		KindCluster: os.Getenv("KIND_CLUSTER_NAME"),
		Timeout:     3 * time.Minute,
		Out:         os.Stdout,
	}
}

// do finds the checkout and runs one of the commands.
func do(ctx context.Context, d *deploy.Deploy, run func(context.Context) error) error {
	c, err := here()
	if err != nil {
		return err
	}
	d.Checkout = c
	err = run(ctx)
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("\ninterrupted while %s; the same command goes on from there", d.Doing())
	}
	return err
}
