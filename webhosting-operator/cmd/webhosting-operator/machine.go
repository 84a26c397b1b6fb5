// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
)

const (
	// defaultNamespace is where the operator's leases are, unless it runs in a pod.
	defaultNamespace = "webhosting-system"
	// namespaceFile holds the namespace of the pod that the process runs in.
	namespaceFile = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
)

// completeFromMachine fills what is still empty from the machine or pod that the process runs on, and checks the files
// that the configuration names.
func completeFromMachine(config *configv1alpha1.WebhostingOperatorConfig) error {
	if config.LeaderElection.ResourceNamespace == "" {
		namespace, err := podNamespace()
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
	if dir := config.Metrics.CertDir; dir != "" {
		for _, file := range []string{"tls.crt", "tls.key"} {
			if _, err := fs.Stat(os.DirFS(dir), file); err != nil {
				return fmt.Errorf("metrics.certDir %s: %w", dir, err)
			}
		}
	}
	return nil
}

func podNamespace() (string, error) {
	data, err := os.ReadFile(namespaceFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return defaultNamespace, nil
	case err != nil:
		return "", fmt.Errorf("reading the namespace of this pod: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}
