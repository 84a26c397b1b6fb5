// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharding_test

import (
	"context"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/shard"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder"
)

// reconciler is the reconciler of an operator. The one thing that sharding asks of it is to set the shard's labels on
// the ConfigMaps that it applies.
type reconciler struct {
	client.Client
	controlledLabels map[string]string
}

func (*reconciler) Reconcile(context.Context, ctrl.Request) (ctrl.Result, error) {
	return ctrl.Result{}, nil
}

// An operator that reconciles Deployments, each of which controls a ConfigMap, and divides them among its instances.
// Lines that a singleton would not have are marked with a plus sign.
func Example() {
	ring := sharding.Ring{Name: "example", Kinds: []sharding.Kind{ // +
		{Main: &appsv1.Deployment{}, Controlled: []client.Object{&corev1.ConfigMap{}}}, // +
	}} // +
	config := ctrl.GetConfigOrDie()

	self, err := shard.New(ring, shard.Options{Namespace: "example-system"}) // +
	if err != nil {                                                          // +
		panic(err) // +
	} // +
	mgr, err := self.NewManager(config, ctrl.Options{}) // was: ctrl.NewManager(config, ctrl.Options{LeaderElection: true, …})
	if err != nil {
		panic(err)
	}
	if err := sharder.AddToManager(mgr, config, ring, sharder.Options{Namespace: "example-system"}); err != nil { // +
		panic(err) // +
	} // +

	r := &reconciler{Client: mgr.GetClient(), controlledLabels: self.Labels()} // was: &reconciler{Client: mgr.GetClient()}
	if err := builder.ControllerManagedBy(mgr).
		For(&appsv1.Deployment{}, builder.WithPredicates(self.Predicate(predicate.GenerationChangedPredicate{}))). // was: without self.Predicate
		Owns(&corev1.ConfigMap{}).
		Complete(self.Reconciler(mgr.GetClient(), &appsv1.Deployment{}, r)); err != nil { // was: Complete(r)
		panic(err)
	}
	if err := mgr.Start(ctrl.SetupSignalHandler()); err != nil {
		panic(err)
	}
}
