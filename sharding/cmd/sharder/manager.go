// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/config/v1alpha1"
	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/controllerring"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/lead"
)

// run runs the sharder until the context ends.
func run(ctx context.Context, config *configv1alpha1.SharderConfig) error {
	restConfig, err := component.RestConfig(&config.ClientConnection, name+"/"+component.ShortVersion(version))
	if err != nil {
		return err
	}
	webhook, err := newWebhook(restConfig, config)
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(restConfig, managerOptions(config, webhook))
	if err != nil {
		return fmt.Errorf("creating the manager: %w", err)
	}
	rings, err := addRings(mgr, restConfig, config, webhook)
	if err != nil {
		return err
	}
	if err := webhook.addToManager(mgr, rings); err != nil {
		return err
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return fmt.Errorf("adding the liveness check: %w", err)
	}
	if err := mgr.AddReadyzCheck("rings", rings.Ready); err != nil {
		return fmt.Errorf("adding the readiness check: %w", err)
	}
	mgr.GetLogger().Info("Starting", "version", component.FullVersion(version))
	if err := mgr.Start(ctx); err != nil {
		return fmt.Errorf("running the manager: %w", err)
	}
	return nil
}

func addRings(mgr manager.Manager, restConfig *rest.Config, config *configv1alpha1.SharderConfig, webhook *webhook) (*controllerring.Rings, error) {
	environment, err := lead.NewEnvironment(restConfig, mgr.GetRESTMapper(), lead.EnvironmentOptions{})
	if err != nil {
		return nil, err
	}
	options := controllerring.Options{
		Namespace: config.Namespace,
		Lead: lead.Options{
			DrainTimeout: config.Controller.DrainTimeout.Duration,
			CheckPeriod:  config.Controller.CheckPeriod.Duration,
			Concurrency:  config.Controller.ConcurrentWrites,
		},
	}
	if webhook != nil && ptr.Deref(config.Webhook.ManageConfigurations, true) {
		options.WebhookServer, options.WebhookServerChanged = webhook.server, webhook.certificate.OnChange
	}
	rings, err := controllerring.AddToManager(mgr, environment, options)
	if err != nil {
		return nil, fmt.Errorf("adding the controller of rings: %w", err)
	}
	return rings, nil
}

func managerOptions(config *configv1alpha1.SharderConfig, webhook *webhook) manager.Options {
	options := component.ManagerOptions(newScheme(), controllerring.CacheOptions(),
		&config.LeaderElection, &config.Metrics, &config.Health, &config.Debugging)
	options.WebhookServer = webhook.newServer()
	return options
}

func newScheme() *runtime.Scheme {
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(shardingv1alpha1.AddToScheme(scheme))
	return scheme
}
