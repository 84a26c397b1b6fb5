// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"

	"github.com/spf13/pflag"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/config/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// defaultNamespace is where the sharder is at home, unless it runs in a pod.
const defaultNamespace = "sharding-system"

// options are the flags. Except for the files, an empty one leaves the configuration as it is.
type options struct {
	files                  []string
	kubeconfig             string
	webhookBindAddress     string
	metricsBindAddress     string
	healthProbeBindAddress string
	logging                zap.Options
}

func (o *options) addFlags(flags *pflag.FlagSet) {
	flags.StringArrayVar(&o.files, "config", nil,
		"configuration `file` of kind SharderConfig; without it, the defaults apply; if given several times, "+
			"fields of later files replace those of earlier ones")
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

// load returns the configuration that applies: the defaults, overridden by the files, overridden by the flags. It does
// not touch the cluster.
func (o *options) load() (*configv1alpha1.SharderConfig, error) {
	config, err := componentconfig.ReadFiles(o.files, configv1alpha1.Decode)
	if err != nil {
		return nil, err
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
		return nil, fmt.Errorf("invalid configuration%s: %w", fromFiles(o.files), errs.ToAggregate())
	}
	return config, nil
}

func fromFiles(files []string) string {
	if len(files) == 0 {
		return ""
	}
	return " " + componentconfig.Names(files)
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
