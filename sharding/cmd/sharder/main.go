// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Command sharder shards the controllers for which there are ControllerRings.
package main

import (
	"github.com/spf13/cobra"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
)

const name = "sharder"

// version is set by the linker for releases: -ldflags "-X main.version=v1.2.3".
var version string

func main() { component.Main(newCommand()) }

func newCommand() *cobra.Command {
	var opts options
	cmd := &cobra.Command{
		Use:   name,
		Short: "Divide the objects of controllers among their instances",
		Long: `The sharder serves every ControllerRing in the cluster: it says on each object which shard of the ring works on it.

All instances answer the webhook by which objects are assigned in the requests that create them; an elected one assigns
the rest, and moves objects when shards come and go. The configuration file holds what instances have in common; the
flags are for what differs between them, and override the file.`,
		Example: `  # Run against the cluster of the current kubeconfig, without a webhook.
  sharder --webhook-bind-address 0

  # Run as one of several instances on this machine.
  sharder --config sharder.yaml --webhook-bind-address 127.0.0.1:9444 \
    --metrics-bind-address 127.0.0.1:9101 --health-probe-bind-address 127.0.0.1:9201

  # Log what is assigned, readable for people.
  sharder --zap-log-level debug --zap-encoder console`,
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
