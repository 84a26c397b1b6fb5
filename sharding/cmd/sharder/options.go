// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/pflag"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/config/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
)

// defaultNamespace is where the sharder is at home, unless it runs in a pod.
const defaultNamespace = "sharding-system"

var configs = component.Config[configv1alpha1.SharderConfig]{
	Decode: configv1alpha1.Decode, Default: configv1alpha1.SetDefaults, Validate: configv1alpha1.Validate,
}

// options are the flags.
type options struct {
	component.Flags
	webhookBindAddress string
}

func (o *options) addFlags(flags *pflag.FlagSet) {
	o.Add(flags, "SharderConfig")
	flags.StringVar(&o.webhookBindAddress, "webhook-bind-address", "",
		"`address` (host:port) to serve the webhook on, 0 for not at all")
}

// load returns the configuration that applies.
func (o *options) load() (*configv1alpha1.SharderConfig, error) {
	return configs.Load(&o.Flags, func(config *configv1alpha1.SharderConfig) error {
		o.Override(&config.ClientConnection, &config.Metrics, &config.Health)
		config.Webhook.BindAddress = cmp.Or(o.webhookBindAddress, config.Webhook.BindAddress)
		return completeFromMachine(config)
	})
}

// completeFromMachine fills what is still empty from the pod that the process runs in, and checks the files that the
// configuration names.
func completeFromMachine(config *configv1alpha1.SharderConfig) error {
	if config.Namespace == "" {
		namespace, err := component.PodNamespace(defaultNamespace)
		if err != nil {
			return err
		}
		config.Namespace = namespace
	}
	config.LeaderElection.ResourceNamespace = cmp.Or(config.LeaderElection.ResourceNamespace, config.Namespace)
	if err := component.CheckCertificate(config.Metrics.CertDir); err != nil {
		return fmt.Errorf("metrics.certDir %s: %w", config.Metrics.CertDir, err)
	}
	if err := component.CheckCertificate(config.Webhook.Certificate.Directory); err != nil {
		return fmt.Errorf("webhook.certificate.directory %s: %w", config.Webhook.Certificate.Directory, err)
	}
	return nil
}
