// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// SetDefaults fills the fields that are empty, except those whose default depends on the machine: the kubeconfig and the
// namespaces.
func SetDefaults(c *SharderConfig) {
	c.ClientConnection.SetDefaults()
	c.LeaderElection.SetDefaults("sharder")
	c.Health.SetDefaults()
	c.Metrics.SetDefaults(":8080")

	componentconfig.SetDefault(&c.Webhook.BindAddress, ":9443")
	componentconfig.SetDefault(&c.Webhook.ManageConfigurations, new(true))
	componentconfig.SetDefault(&c.Webhook.ServiceName, "sharder")
	componentconfig.SetDefault(&c.Webhook.Certificate.Mode, CertificateGenerated)
	if c.Webhook.Certificate.Mode == CertificateGenerated {
		componentconfig.SetDefault(&c.Webhook.Certificate.SecretName, "sharder-webhook")
	}

	componentconfig.SetDefault(&c.Controller.DrainTimeout, metav1.Duration{Duration: time.Minute})
	componentconfig.SetDefault(&c.Controller.CheckPeriod, metav1.Duration{Duration: 30 * time.Minute})
	componentconfig.SetDefault(&c.Controller.ConcurrentWrites, 50)
}
