// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"fmt"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client/config"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// RestConfig says how to talk to the API server, and as whom, which is like "program/version". It reads files, but does
// not connect yet. What clients send and receive is counted by metrics.
func RestConfig(c *componentconfig.ClientConnection, userAgent string) (*rest.Config, error) {
	restConfig, err := loadKubeconfig(c.Kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("loading the kubeconfig: %w", err)
	}
	restConfig.QPS = c.QPS
	restConfig.Burst = c.Burst
	restConfig.UserAgent = userAgent
	restConfig.Wrap(newCountingTransport)
	return restConfig, nil
}

func loadKubeconfig(file string) (*rest.Config, error) {
	if file == "" {
		return config.GetConfig()
	}
	return clientcmd.BuildConfigFromFlags("", file)
}
