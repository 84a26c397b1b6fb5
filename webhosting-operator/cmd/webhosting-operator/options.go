// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"

	"github.com/spf13/pflag"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
)

var configs = component.Config[configv1alpha1.WebhostingOperatorConfig]{
	Decode: configv1alpha1.Decode, Default: configv1alpha1.SetDefaults, Validate: configv1alpha1.Validate,
}

// options are the flags.
type options struct {
	component.Flags
	shardName string
}

func (o *options) addFlags(flags *pflag.FlagSet) {
	o.Add(flags, "WebhostingOperatorConfig")
	flags.StringVar(&o.shardName, "shard-name", "",
		"`name` of this shard and of its Lease; without it and in the configuration, that is the host name")
}

// load returns the configuration that applies.
func (o *options) load() (*configv1alpha1.WebhostingOperatorConfig, error) {
	return configs.Load(&o.Flags, func(config *configv1alpha1.WebhostingOperatorConfig) error {
		o.Override(&config.ClientConnection, &config.Metrics, &config.Health)
		config.Sharding.ShardName = cmp.Or(o.shardName, config.Sharding.ShardName)
		return completeFromMachine(config)
	})
}
