// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Command checksum keeps checksums of Secrets in ConfigMaps, divided among its instances.
package main

import (
	"flag"
	"fmt"
	"os"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/examples/checksum/controller"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/shard"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder"
)

func main() {
	options, err := parse(flag.CommandLine, os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "checksum: %v\n", err)
		os.Exit(2)
	}
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&options.logging)))
	if err := run(options); err != nil {
		ctrl.Log.Error(err, "Ending")
		os.Exit(1)
	}
}

func run(options *options) error {
	config, err := ctrl.GetConfig()
	if err != nil {
		return fmt.Errorf("loading the kubeconfig: %w", err)
	}
	config.UserAgent = "checksum"

	managerOptions := manager.Options{
		Metrics:                server.Options{BindAddress: options.metricsAddress},
		HealthProbeBindAddress: options.healthAddress,
		Cache:                  controller.CacheOptions(),
	}
	newManager := ctrl.NewManager
	var self *shard.Shard
	if options.mode.RunsShard() {
		if self, err = shard.New(controller.Ring, shard.Options{Namespace: options.namespace, Name: options.shardName}); err != nil {
			return err
		}
		newManager = self.NewManager
	}
	mgr, err := newManager(config, managerOptions)
	if err != nil {
		return fmt.Errorf("creating the manager: %w", err)
	}
	if err := mgr.AddHealthzCheck("ping", healthz.Ping); err != nil {
		return err
	}
	if self != nil {
		if err := controller.AddToManager(mgr, self); err != nil {
			return fmt.Errorf("adding the controller: %w", err)
		}
	}
	if options.mode.RunsSharder() {
		if err := sharder.AddToManager(mgr, config, controller.Ring, sharder.Options{Namespace: options.namespace}); err != nil {
			return fmt.Errorf("adding the sharder: %w", err)
		}
	}
	return mgr.Start(ctrl.SetupSignalHandler())
}
