// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client/config"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
)

// restConfig says how to talk to the API server. It reads files, but does not connect yet.
func restConfig(c *configv1alpha1.ClientConnection) (*rest.Config, error) {
	restConfig, err := loadKubeconfig(c.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("loading the kubeconfig: %w", err)
	}
	restConfig.QPS = c.QPS
	restConfig.Burst = c.Burst
	restConfig.UserAgent = name + "/" + shortVersion()
	return restConfig, nil
}

func loadKubeconfig(file string) (*rest.Config, error) {
	if file == "" {
		return config.GetConfig()
	}
	return clientcmd.BuildConfigFromFlags("", file)
}
