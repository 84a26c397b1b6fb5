// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"flag"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
)

type options struct {
	mode           sharding.Mode
	namespace      string
	shardName      string
	metricsAddress string
	healthAddress  string
	logging        zap.Options
}

const usage = `Keeps the checksum of each Secret in a ConfigMap beside it, in all namespaces labelled
checksums.sharding.timebertt.dev/enabled=true. The Secrets are divided among all instances.

  checksum --mode Both --namespace checksum-system     sharded, without anything else in the cluster
  checksum --mode Shard --namespace checksum-system    with the sharder that serves every ControllerRing

Flags:
`

// parse reads the flags. It does not touch the cluster.
func parse(flags *flag.FlagSet, arguments []string) (*options, error) {
	o := &options{}
	mode := flags.String("mode", string(sharding.ModeBoth), "`part` that this instance plays: Both, Shard or Sharder")
	flags.StringVar(&o.namespace, "namespace", "", "`namespace` of the leases (required)")
	flags.StringVar(&o.shardName, "shard-name", "", "`name` of this shard and of its lease (default the host name)")
	flags.StringVar(&o.metricsAddress, "metrics-bind-address", "0", "`address` (host:port) to serve metrics on, 0 for not at all")
	flags.StringVar(&o.healthAddress, "health-probe-bind-address", "0", "`address` (host:port) to serve /healthz on, 0 for not at all")
	o.logging.BindFlags(flags)
	flags.Usage = func() {
		fmt.Fprint(flags.Output(), usage)
		flags.PrintDefaults()
	}
	if err := flags.Parse(arguments); err != nil {
		return nil, err
	}

	o.mode = sharding.Mode(*mode)
	switch {
	case flags.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q (see --help)", flags.Arg(0))
	case !o.mode.RunsShard() && !o.mode.RunsSharder():
		return nil, fmt.Errorf("--mode %q: must be Both, Shard or Sharder", *mode)
	case o.namespace == "":
		return nil, errors.New("--namespace is required: where the leases are")
	}
	return o, nil
}
