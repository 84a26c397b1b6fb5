// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"github.com/spf13/pflag"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
)

// options are the flags. Except for the files, an empty one leaves the configuration as it is.
type options struct {
	files                  []string
	kubeconfig             string
	shardName              string
	metricsBindAddress     string
	healthProbeBindAddress string
	logging                zap.Options
}

func (o *options) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.files, "config", nil,
		"configuration `file` of kind WebhostingOperatorConfig; without it, the defaults apply; if given several times, "+
			"fields of later files replace those of earlier ones")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "",
		"kubeconfig `file`; without it and in the configuration, that is $KUBECONFIG, in a pod its ServiceAccount, "+
			"or else ~/.kube/config")
	flags.StringVar(&o.shardName, "shard-name", "",
		"`name` of this shard and of its Lease; without it and in the configuration, that is the host name")
	flags.StringVar(&o.metricsBindAddress, "metrics-bind-address", "",
		"`address` (host:port) to serve metrics on, 0 for not at all")
	flags.StringVar(&o.healthProbeBindAddress, "health-probe-bind-address", "",
		"`address` (host:port) to serve /healthz and /readyz on, 0 for not at all")
	component.AddLoggingFlags(flags, &o.logging)
}

// load returns the configuration that applies: the defaults, overridden by the files, overridden by the flags. It does
// not touch the cluster.
func (o *options) load() (*configv1alpha1.WebhostingOperatorConfig, error) {
	config, err := componentconfig.ReadFiles(o.files, configv1alpha1.Decode)
	if err != nil {
		return nil, err
	}
	configv1alpha1.SetDefaults(config)

	override(&config.ClientConnection.Kubeconfig, o.kubeconfig)
	override(&config.Sharding.ShardName, o.shardName)
	override(&config.Metrics.BindAddress, o.metricsBindAddress)
	override(&config.Health.BindAddress, o.healthProbeBindAddress)

	if err := completeFromMachine(config); err != nil {
		return nil, err
	}
	if errs := configv1alpha1.Validate(config); len(errs) > 0 {
		return nil, fmt.Errorf("invalid configuration%s: %w", fromFiles(o.files), errs.ToAggregate())
	}
	return config, nil
}

func override(field *string, flag string) {
	if flag != "" {
		*field = flag
	}
}

func fromFiles(files []string) string {
	if len(files) == 0 {
		return ""
	}
	return " " + componentconfig.Names(files)
}
