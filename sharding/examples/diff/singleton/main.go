// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Command singleton is a small but complete controller that is not sharded: next to each Deployment it keeps a ConfigMap
// that says how many replicas are wanted. Of several instances, one is elected and does all the work.
//
// The command sharded, beside it, is the same controller divided among its instances. The difference between the two is
// what docs/implement-sharding.md shows.
package main

import (
	"context"
	"os"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
)

const namespace = "example-system"

// Several instances may run on one machine.
var noMetrics = server.Options{BindAddress: "0"}

func main() {
	ctrl.SetLogger(zap.New())
	config := ctrl.GetConfigOrDie()

	mgr, err := ctrl.NewManager(config, ctrl.Options{
		LeaderElection: true, LeaderElectionID: "example", LeaderElectionNamespace: namespace, LeaderElectionReleaseOnCancel: true,
		Metrics: noMetrics,
	})
	check(err)

	r := &reconciler{Client: mgr.GetClient()}
	check(builder.ControllerManagedBy(mgr).
		For(&appsv1.Deployment{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		Owns(&corev1.ConfigMap{}).
		Complete(r))
	check(mgr.Start(ctrl.SetupSignalHandler()))
}

type reconciler struct {
	client.Client
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	deployment := &appsv1.Deployment{}
	if err := r.Get(ctx, request.NamespacedName, deployment); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	configMap := corev1ac.ConfigMap(deployment.Name, deployment.Namespace).
		WithData(map[string]string{"replicas": strconv.Itoa(int(*deployment.Spec.Replicas))}).
		WithOwnerReferences(metav1ac.OwnerReference().WithAPIVersion("apps/v1").WithKind("Deployment").
			WithName(deployment.Name).WithUID(deployment.UID).WithController(true))
	return ctrl.Result{}, r.Apply(ctx, configMap, client.FieldOwner("example"), client.ForceOwnership)
}

func check(err error) {
	if err != nil {
		ctrl.Log.Error(err, "Ending")
		os.Exit(1)
	}
}
