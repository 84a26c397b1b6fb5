// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/shard"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder"
	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
	webhostingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

// newManager returns the manager of this instance, and the shard that it is. The shard is nil if it is none: in a
// singleton, or where the instance is only a sharder.
func newManager(restConfig *rest.Config, config *configv1alpha1.WebhostingOperatorConfig) (manager.Manager, *shard.Shard, error) {
	options := managerOptions(config)
	mode := config.Sharding.Mode
	if mode == configv1alpha1.ShardingModeNone {
		mgr, err := ctrl.NewManager(restConfig, options)
		return mgr, nil, err
	}

	options.LeaderElection = false // shards and sharder hold leases of their own
	var self *shard.Shard
	newManager := ctrl.NewManager
	if mode.RunsShard() {
		var err error
		if self, err = shard.New(website.Ring(), shardOptions(config)); err != nil {
			return nil, nil, err
		}
		newManager = self.NewManager
	}
	mgr, err := newManager(restConfig, options)
	if err != nil {
		return nil, nil, err
	}
	if mode.RunsSharder() {
		err = sharder.AddToManager(mgr, sharderConfig(restConfig, self), website.Ring(), sharderOptions(config))
	}
	return mgr, self, err
}

// sharderConfig says in the user agent of the sharder which shard it runs in, if it does in one.
func sharderConfig(restConfig *rest.Config, self *shard.Shard) *rest.Config {
	if self == nil {
		return restConfig
	}
	restConfig = rest.CopyConfig(restConfig)
	restConfig.UserAgent += " shard/" + self.Name()
	return restConfig
}

func shardOptions(config *configv1alpha1.WebhostingOperatorConfig) shard.Options {
	return shard.Options{
		Name:          config.Sharding.ShardName,
		Namespace:     config.LeaderElection.ResourceNamespace,
		LeaseDuration: config.Sharding.LeaseDuration.Duration,
		RenewDeadline: config.Sharding.RenewDeadline.Duration,
		RetryPeriod:   config.Sharding.RetryPeriod.Duration,
	}
}

// sharderOptions let the sharder use the lease of the singleton's leader: while an operator is switched from one to the
// other, the sharder assigns nothing before the singleton has stopped.
func sharderOptions(config *configv1alpha1.WebhostingOperatorConfig) sharder.Options {
	return sharder.Options{
		Namespace:     config.LeaderElection.ResourceNamespace,
		LeaseName:     config.LeaderElection.ResourceName,
		LeaseDuration: config.LeaderElection.LeaseDuration.Duration,
		RenewDeadline: config.LeaderElection.RenewDeadline.Duration,
		RetryPeriod:   config.LeaderElection.RetryPeriod.Duration,
		DrainTimeout:  config.Sharding.DrainTimeout.Duration,
	}
}

// shardWebsites makes the website controller that of a shard.
func shardWebsites(self *shard.Shard, mgr manager.Manager, reconciler *website.Reconciler, options *website.Options) {
	reconciler.ControlledLabels = self.Labels()
	options.WrapReconciler = func(next reconcile.Reconciler) reconcile.Reconciler {
		return self.Reconciler(mgr.GetClient(), &webhostingv1alpha1.Website{}, next)
	}
	options.WrapPredicate = func(next predicate.Predicate) predicate.Predicate { return self.Predicate(next) }
}
