// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
	webhostingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

// run runs the operator until the context ends.
func run(ctx context.Context, config *configv1alpha1.WebhostingOperatorConfig) error {
	restConfig, err := component.RestConfig(&config.ClientConnection, name+"/"+component.ShortVersion(version))
	if err != nil {
		return err
	}
	mgr, self, err := newManager(restConfig, config)
	if err != nil {
		return fmt.Errorf("creating the manager: %w", err)
	}
	if err := addHealthChecks(mgr); err != nil {
		return err
	}
	if config.Sharding.Mode != configv1alpha1.ShardingModeSharder {
		if err := addControllers(ctx, mgr, self, config); err != nil {
			return err
		}
	}
	mgr.GetLogger().Info("Starting", "version", component.FullVersion(version))
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running the manager: %w", err)
	}
	return nil
}

// managerOptions are those of an operator of which one instance does all the work.
func managerOptions(config *configv1alpha1.WebhostingOperatorConfig) manager.Options {
	options := component.ManagerOptions(newScheme(), website.CacheOptions(),
		&config.LeaderElection, &config.Metrics, &config.Health, &config.Debugging)
	options.Client = website.ClientOptions()
	return options
}

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(webhostingv1alpha1.AddToScheme(scheme))
	return scheme
}
