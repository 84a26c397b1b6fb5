// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// SharderConfig is the configuration file of the sharder. Every field may be left out; an empty file of this kind
// configures the same as no file.
//
// +kubebuilder:object:root=true
type SharderConfig struct {
	metav1.TypeMeta `json:",inline"`

	// Namespace is where the sharder lives, with its own lease, the Secret of its certificate and its Service. The webhook
	// is never asked about objects there. Default: empty, which is the Pod's own namespace, outside a Pod sharding-system.
	Namespace string `json:"namespace,omitempty"`

	// ClientConnection configures the connection to the API server.
	ClientConnection componentconfig.ClientConnection `json:"clientConnection,omitempty"`
	// LeaderElection configures the election of the instance that acts on leases, assigns and rebalances, for all rings.
	// Every instance answers the webhook.
	LeaderElection componentconfig.LeaderElection `json:"leaderElection,omitempty"`
	// Health configures the endpoints for probes.
	Health componentconfig.HealthServer `json:"health,omitempty"`
	// Metrics configures the endpoint for metrics and profiles.
	Metrics componentconfig.MetricsServer `json:"metrics,omitempty"`
	// Debugging configures what helps to look into a running process.
	Debugging componentconfig.Debugging `json:"debugging,omitempty"`
	// Webhook configures how objects are assigned in the requests that create or change them.
	Webhook Webhook `json:"webhook,omitempty"`
	// Controller configures what is done with rings and their objects.
	Controller Controller `json:"controller,omitempty"`
}

// Controller configures what is done with rings and their objects.
type Controller struct {
	// DrainTimeout is how long the sharder waits for a shard to let an object go before it takes the shard's lease away.
	// Default: 1m.
	DrainTimeout metav1.Duration `json:"drainTimeout,omitempty"`
	// CheckPeriod is how often all assigned objects are checked though nothing is known to have changed. Default: 30m.
	CheckPeriod metav1.Duration `json:"checkPeriod,omitempty"`
	// ConcurrentWrites is how many objects of one ring, kind and cause are written at a time, at most. Default: 50.
	ConcurrentWrites int `json:"concurrentWrites,omitempty"`
}
