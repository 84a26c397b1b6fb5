// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Command webhosting-operator hosts websites on Kubernetes.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
)

const name = "webhosting-operator"

func main() {
	if err := newCommand().ExecuteContext(ctrl.SetupSignalHandler()); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func newCommand() *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   name,
		Short: "Host websites on Kubernetes",
		Long: `The webhosting operator serves a page for each Website object, in the colour and font of its Theme.

It runs alone, with standby instances, or sharded with other instances. Its configuration file says which, and
everything else that instances have in common; the flags are for what differs between them, and override the file.`,
		Example: `  # Run against the cluster of the current kubeconfig with the default configuration.
  webhosting-operator

  # Run as one of several shards on this machine.
  webhosting-operator --config sharded.yaml --shard-name shard-1 \
    --metrics-bind-address 127.0.0.1:9101 --health-probe-bind-address 127.0.0.1:9201

  # Log what is reconciled, readable for people.
  webhosting-operator --zap-log-level debug --zap-encoder console`,
		Version:       component.FullVersion(version),
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := opts.load()
			if err != nil {
				return err
			}
			component.SetUpLogging(opts.logging)
			return run(cmd.Context(), config)
		},
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w (see %s --help)", err, cmd.Name())
	})
	opts.addFlags(cmd.Flags())
	return cmd
}
