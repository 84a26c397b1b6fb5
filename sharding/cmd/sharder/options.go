// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"os"

	"github.com/spf13/pflag"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/config/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
)

// defaultNamespace is where the sharder is at home, unless it runs in a pod.
const defaultNamespace = "sharding-system"

// options are the flags. Except for the file, an empty one leaves the configuration as it is.
type options struct {
	file                   string
	kubeconfig             string
	webhookBindAddress     string
	metricsBindAddress     string
	healthProbeBindAddress string
	logging                zap.Options
}

func (o *options) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.file, "config", "",
		"configuration `file` of kind SharderConfig; without it, the defaults apply")
	flags.StringVar(&o.kubeconfig, "kubeconfig", "",
		"kubeconfig `file`; without it and in the configuration, that is $KUBECONFIG, in a pod its ServiceAccount, "+
			"or else ~/.kube/config")
	flags.StringVar(&o.webhookBindAddress, "webhook-bind-address", "",
		"`address` (host:port) to serve the webhook on, 0 for not at all")
	flags.StringVar(&o.metricsBindAddress, "metrics-bind-address", "",
		"`address` (host:port) to serve metrics on, 0 for not at all")
	flags.StringVar(&o.healthProbeBindAddress, "health-probe-bind-address", "",
		"`address` (host:port) to serve /healthz and /readyz on, 0 for not at all")
	component.AddLoggingFlags(flags, &o.logging)
}

// load returns the configuration that applies: the defaults, overridden by the file, overridden by the flags. It does
// not touch the cluster.
func (o *options) load() (*configv1alpha1.SharderConfig, error) {
	config := &configv1alpha1.SharderConfig{}
	from := ""
	if o.file != "" {
		from = " " + o.file
		data, err := os.ReadFile(o.file)
		if err != nil {
			return nil, fmt.Errorf("reading the configuration: %w", err)
		}
		if config, err = configv1alpha1.Decode(data); err != nil {
			return nil, fmt.Errorf("decoding the configuration%s: %w", from, err)
		}
	}
	configv1alpha1.SetDefaults(config)

	config.ClientConnection.Kubeconfig = cmp.Or(o.kubeconfig, config.ClientConnection.Kubeconfig)
	config.Webhook.BindAddress = cmp.Or(o.webhookBindAddress, config.Webhook.BindAddress)
	config.Metrics.BindAddress = cmp.Or(o.metricsBindAddress, config.Metrics.BindAddress)
	config.Health.BindAddress = cmp.Or(o.healthProbeBindAddress, config.Health.BindAddress)

	if err := completeFromMachine(config); err != nil {
		return nil, err
	}
	if errs := configv1alpha1.Validate(config); len(errs) > 0 {
		return nil, fmt.Errorf("invalid configuration%s: %w", from, errs.ToAggregate())
	}
	return config, nil
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
