// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Command webhosting-operator hosts websites on Kubernetes.
package main

import (
	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
)

const name = "webhosting-operator"

func main() { component.Main(newCommand()) }

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
		Version: component.FullVersion(version),
		RunE: func(cmd *cobra.Command, _ []string) error {
			config, err := opts.load()
			if err != nil {
				return err
			}
			opts.SetUpLogging()
			return run(cmd.Context(), config)
		},
	}
	opts.addFlags(cmd.Flags())
	return cmd
}
