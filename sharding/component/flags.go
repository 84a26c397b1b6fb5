// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"cmp"
	"fmt"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// Flags are those that all programs have: which configuration files apply, and what differs between instances.
type Flags struct {
	files                  []string
	kubeconfig             string
	metricsBindAddress     string
	healthProbeBindAddress string
	logging                zap.Options
}

// Add adds them to a program whose configuration files are of the kind.
func (f *Flags) Add(flags *pflag.FlagSet, kind string) {
	flags.StringArrayVar(&f.files, "config", nil,
		"configuration `file` of kind "+kind+"; without it, the defaults apply; if given several times, "+
			"fields of later files replace those of earlier ones")
	flags.StringVar(&f.kubeconfig, "kubeconfig", "",
		"kubeconfig `file`; without it and in the configuration, that is $KUBECONFIG, in a pod its ServiceAccount, "+
			"or else ~/.kube/config")
	flags.StringVar(&f.metricsBindAddress, "metrics-bind-address", "",
		"`address` (host:port) to serve metrics on, 0 for not at all")
	flags.StringVar(&f.healthProbeBindAddress, "health-probe-bind-address", "",
		"`address` (host:port) to serve /healthz and /readyz on, 0 for not at all")
	addLoggingFlags(flags, &f.logging)
}

// SetUpLogging logs as the flags say.
func (f *Flags) SetUpLogging() { setUpLogging(f.logging) }

// Override puts the flags that are set in the place of what the configuration says.
func (f *Flags) Override(client *componentconfig.ClientConnection, metrics *componentconfig.MetricsServer, health *componentconfig.HealthServer) {
	client.Kubeconfig = cmp.Or(f.kubeconfig, client.Kubeconfig)
	metrics.BindAddress = cmp.Or(f.metricsBindAddress, metrics.BindAddress)
	health.BindAddress = cmp.Or(f.healthProbeBindAddress, health.BindAddress)
}

// Config is a kind of configuration files.
type Config[T any] struct {
	Decode   func([]byte) (*T, error)
	Default  func(*T)
	Validate func(*T) field.ErrorList
}

// Load returns the configuration that applies: the defaults, overridden by the files, overridden and completed by the
// function. It does not touch the cluster.
func (c Config[T]) Load(flags *Flags, complete func(*T) error) (*T, error) {
	config, err := componentconfig.ReadFiles(flags.files, c.Decode)
	if err != nil {
		return nil, err
	}
	c.Default(config)
	if err := complete(config); err != nil {
		return nil, err
	}
	if errs := c.Validate(config); len(errs) > 0 {
		return nil, fmt.Errorf("invalid configuration%s: %w", fromFiles(flags.files), errs.ToAggregate())
	}
	return config, nil
}

func fromFiles(files []string) string {
	if len(files) == 0 {
		return ""
	}
	return " " + componentconfig.Names(files)
}
