// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// SetDefaults fills the fields that are empty, except those whose default depends on the machine: the kubeconfig, the
// namespace of the leases and the name of the shard.
func SetDefaults(c *WebhostingOperatorConfig) {
	c.ClientConnection.SetDefaults()
	c.LeaderElection.SetDefaults("webhosting-operator")
	c.Health.SetDefaults()
	c.Metrics.SetDefaults(":8443")

	componentconfig.SetDefault(&c.WebServer.Image, "nginxinc/nginx-unprivileged:1.29")
	componentconfig.SetDefault(&c.Controllers.Website.ConcurrentSyncs, 15)

	componentconfig.SetDefault(&c.Sharding.Mode, ShardingModeNone)
	componentconfig.SetDefault(&c.Sharding.DrainTimeout, metav1.Duration{Duration: time.Minute})
	c.Sharding.LeaseTimes.SetDefaults()
}
