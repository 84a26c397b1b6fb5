// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
)

// defaultNamespace is where the operator's leases are, unless it runs in a pod.
const defaultNamespace = "webhosting-system"

// completeFromMachine fills what is still empty from the machine or pod that the process runs on, and checks the files
// that the configuration names.
func completeFromMachine(config *configv1alpha1.WebhostingOperatorConfig) error {
	if config.LeaderElection.ResourceNamespace == "" {
		namespace, err := component.PodNamespace(defaultNamespace)
		if err != nil {
			return err
		}
		config.LeaderElection.ResourceNamespace = namespace
	}
	if config.Sharding.Mode.RunsShard() && config.Sharding.ShardName == "" {
		host, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("finding a name for this shard: %w", err)
		}
		// Host names are not case-sensitive, and some machines have capital letters in theirs.
		config.Sharding.ShardName = strings.ToLower(host)
	}
	if err := component.CheckCertificate(config.Metrics.CertDir); err != nil {
		return fmt.Errorf("metrics.certDir %s: %w", config.Metrics.CertDir, err)
	}
	return nil
}
