// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package sharder knows the sharder, where it is a component of its own, from the outside: its names, how it is built, and
// how its instances are configured on this machine.
package sharder

import (
	"context"
	"fmt"

	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/gotool"
)

const (
	// Name is the name of the sharder's Deployment, of its service account, and of its lease.
	Name = "sharder"
	// Namespace is where the sharder lives.
	Namespace = "sharding-system"
)

// Instances returns the names of its instances: one leads, both answer the webhook.
func Instances() []string { return []string{"sharder-0", "sharder-1"} }

// Manifests is the folder of its manifests in the checkout.
func Manifests(c checkout.Checkout) string { return c.Path("config/default") }

// Binary is where Build puts the program.
func Binary(c checkout.Checkout) string { return c.Path("bin/" + Name) }

// Build builds the sharder as the operator is built.
func Build(ctx context.Context, c checkout.Checkout) error {
	err := gotool.Run(ctx, c.Path("sharding"), "build", "-buildvcs=false", "-o", Binary(c), "./cmd/"+Name)
	if err != nil {
		return fmt.Errorf("building the sharder: %w", err)
	}
	return nil
}

// Config returns the configuration file of an instance that serves its webhook on the port. It is that of the cluster, but
// for the way in which the API server reaches the webhook: no Service leads to this machine.
//
// A ring has one webhook configuration, which the leader writes, so the API server asks the leading instance only.
func Config(content []byte, port int) ([]byte, error) {
	config := map[string]any{}
	if err := yaml.Unmarshal(content, &config); err != nil {
		return nil, fmt.Errorf("reading the sharder's configuration: %w", err)
	}
	webhook, _ := config["webhook"].(map[string]any)
	if webhook == nil {
		webhook = map[string]any{}
	}
	webhook["url"] = fmt.Sprintf("https://127.0.0.1:%d", port)
	config["webhook"] = webhook
	written, err := yaml.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("writing the sharder's configuration: %w", err)
	}
	return written, nil
}
