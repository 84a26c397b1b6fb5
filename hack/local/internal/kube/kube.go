// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package kube makes clients of the local cluster, and asks its API server whether it is ready.
package kube

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// FieldOwner is what this command calls itself at the API server: as owner of the fields that it applies, and in the
// audit log.
const FieldOwner = "local"

// Config reads a kubeconfig. The clients that use it are not slowed down.
func Config(kubeconfig string) (*rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	config.UserAgent = FieldOwner
	config.QPS = -1
	return config, nil
}

// Client returns a client for any kind of object.
func Client(kubeconfig string) (client.Client, error) {
	config, err := Config(kubeconfig)
	if err != nil {
		return nil, err
	}
	c, err := client.New(config, client.Options{Scheme: scheme.Scheme})
	if err != nil {
		return nil, fmt.Errorf("making a client of the local cluster: %w", err)
	}
	return client.WithFieldOwner(c, FieldOwner), nil
}

// Server returns the address of the API server.
func Server(kubeconfig string) (string, error) {
	config, err := Config(kubeconfig)
	if err != nil {
		return "", err
	}
	return config.Host, nil
}

// Ready asks the API server whether it is ready, and returns why not.
func Ready(ctx context.Context, kubeconfig string) error {
	config, err := Config(kubeconfig)
	if err != nil {
		return err
	}
	config.Timeout = 5 * time.Second
	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return fmt.Errorf("asking the API server: %w", err)
	}
	defer httpClient.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(config.Host, "/")+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("asking the API server: %w", err)
	}
	response, err := httpClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking the API server: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the API server is not ready yet: %s", response.Status)
	}
	return nil
}

// Version returns the version of the API server.
func Version(kubeconfig string) (string, error) {
	config, err := Config(kubeconfig)
	if err != nil {
		return "", err
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return "", fmt.Errorf("asking for the version of Kubernetes: %w", err)
	}
	version, err := client.ServerVersion()
	if err != nil {
		return "", fmt.Errorf("asking for the version of Kubernetes: %w", err)
	}
	return version.GitVersion, nil
}
