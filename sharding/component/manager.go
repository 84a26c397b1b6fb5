// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// shutdownTimeout is how long what is under way may take to end. A pod's grace period leaves some time beyond it.
const shutdownTimeout = 20 * time.Second

// ManagerOptions are those of a program that ends when its manager does, and of which one instance does all the work. Its
// cache keeps nothing about who manages fields, and is told how to keep which objects.
func ManagerOptions(
	scheme *runtime.Scheme, objects map[client.Object]cache.ByObject,
	election *componentconfig.LeaderElection, metrics *componentconfig.MetricsServer,
	health *componentconfig.HealthServer, debugging *componentconfig.Debugging,
) manager.Options {
	return manager.Options{
		Scheme: scheme,
		Cache:  cache.Options{DefaultTransform: cache.TransformStripManagedFields(), ByObject: objects},

		LeaderElection:                ptr.Deref(election.LeaderElect, true),
		LeaderElectionID:              election.ResourceName,
		LeaderElectionNamespace:       election.ResourceNamespace,
		LeaderElectionReleaseOnCancel: true, // the process ends as soon as the manager has
		LeaseDuration:                 new(election.LeaseDuration.Duration),
		RenewDeadline:                 new(election.RenewDeadline.Duration),
		RetryPeriod:                   new(election.RetryPeriod.Duration),

		Metrics:                 MetricsOptions(metrics, debugging),
		HealthProbeBindAddress:  health.BindAddress,
		GracefulShutdownTimeout: new(shutdownTimeout),
	}
}
