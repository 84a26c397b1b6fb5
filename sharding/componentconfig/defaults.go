// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package componentconfig

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// SetDefault sets an empty field to the value.
func SetDefault[T comparable](field *T, value T) {
	var empty T
	if *field == empty {
		*field = value
	}
}

// SetDefaults fills the fields that are empty, except the kubeconfig, whose default depends on the machine.
func (c *ClientConnection) SetDefaults() {
	SetDefault(&c.QPS, -1)
	if c.QPS > 0 {
		SetDefault(&c.Burst, int(2*c.QPS))
	}
}

// SetDefaults fills the fields that are empty, except the namespace, whose default depends on the machine.
func (c *LeaderElection) SetDefaults(resourceName string) {
	SetDefault(&c.LeaderElect, new(true))
	SetDefault(&c.ResourceName, resourceName)
	c.LeaseTimes.SetDefaults()
}

// SetDefaults fills the fields that are empty.
func (t *LeaseTimes) SetDefaults() {
	SetDefault(&t.LeaseDuration, metav1.Duration{Duration: 15 * time.Second})
	SetDefault(&t.RenewDeadline, metav1.Duration{Duration: 10 * time.Second})
	SetDefault(&t.RetryPeriod, metav1.Duration{Duration: 2 * time.Second})
}

// SetDefaults fills the fields that are empty.
func (c *HealthServer) SetDefaults() {
	SetDefault(&c.BindAddress, ":8081")
}

// SetDefaults fills the fields that are empty.
func (c *MetricsServer) SetDefaults(bindAddress string) {
	SetDefault(&c.BindAddress, bindAddress)
	SetDefault(&c.SecureServing, new(true))
}
