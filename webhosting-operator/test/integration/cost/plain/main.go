// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Command plain makes the same of Websites as the webhosting operator, in the way in which controllers are usually
// written: it reads typed objects from caches, brings them into the wanted form by controllerutil.CreateOrUpdate, and
// updates the status. It is what the operator is compared with, and nothing for anybody to run.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

func main() {
	// controller-runtime puts flags of its own into the usual set.
	flags := flag.NewFlagSet("plain", flag.ExitOnError)
	kubeconfig := flags.String("kubeconfig", "", "file that says how to reach the cluster")
	metrics := flags.String("metrics-bind-address", "", "where to serve metrics")
	concurrent := flags.Int("concurrent-syncs", 1, "how many websites are reconciled at the same time")
	_ = flags.Parse(os.Args[1:]) // it ends the program if they are wrong
	if err := run(*kubeconfig, *metrics, *concurrent); err != nil {
		fmt.Fprintf(os.Stderr, "plain: %v\n", err)
		os.Exit(1)
	}
}

func run(kubeconfig, metrics string, concurrent int) error {
	ctrl.SetLogger(logr.Discard())
	scheme := runtime.NewScheme()
	utilruntime.Must(clientgoscheme.AddToScheme(scheme))
	utilruntime.Must(v1alpha1.AddToScheme(scheme))

	// The connection is the operator's, so that the same things are counted in the same way.
	restConfig, err := component.RestConfig(&componentconfig.ClientConnection{Kubeconfig: kubeconfig, QPS: -1}, "plain")
	if err != nil {
		return err
	}
	mgr, err := ctrl.NewManager(restConfig, ctrl.Options{
		Scheme:                  scheme,
		Metrics:                 metricsserver.Options{BindAddress: metrics},
		LeaderElection:          true,
		LeaderElectionID:        "plain",
		LeaderElectionNamespace: "default",
	})
	if err != nil {
		return fmt.Errorf("creating the manager: %w", err)
	}
	ctx := ctrl.SetupSignalHandler()
	r := &reconciler{Client: mgr.GetClient(), scheme: scheme}
	if err := r.addToManager(ctx, mgr, concurrent); err != nil {
		return fmt.Errorf("adding the controller: %w", err)
	}
	return mgr.Start(ctx)
}
