// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SetDefaults fills the fields that are empty, except those whose default depends on the machine: the kubeconfig, the
// namespace of the leases and the name of the shard.
func SetDefaults(c *WebhostingOperatorConfig) {
	setDefault(&c.ClientConnection.QPS, -1)
	if c.ClientConnection.QPS > 0 {
		setDefault(&c.ClientConnection.Burst, int(2*c.ClientConnection.QPS))
	}

	setDefault(&c.LeaderElection.LeaderElect, new(true))
	setDefault(&c.LeaderElection.ResourceName, "webhosting-operator")
	setDefaultLeaseTimes(&c.LeaderElection.LeaseTimes)

	setDefault(&c.Health.BindAddress, ":8081")
	setDefault(&c.Metrics.BindAddress, ":8443")
	setDefault(&c.Metrics.SecureServing, new(true))

	setDefault(&c.WebServer.Image, "nginxinc/nginx-unprivileged:1.29")
	setDefault(&c.Controllers.Website.ConcurrentSyncs, 15)

	setDefault(&c.Sharding.Mode, ShardingModeNone)
	setDefault(&c.Sharding.DrainTimeout, metav1.Duration{Duration: time.Minute})
	setDefaultLeaseTimes(&c.Sharding.LeaseTimes)
}

func setDefaultLeaseTimes(t *LeaseTimes) {
	setDefault(&t.LeaseDuration, metav1.Duration{Duration: 15 * time.Second})
	setDefault(&t.RenewDeadline, metav1.Duration{Duration: 10 * time.Second})
	setDefault(&t.RetryPeriod, metav1.Duration{Duration: 2 * time.Second})
}

func setDefault[T comparable](field *T, value T) {
	var empty T
	if *field == empty {
		*field = value
	}
}
