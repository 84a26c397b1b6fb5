// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// WebhostingOperatorConfig is the configuration file of the webhosting operator. Every field may be left out; an empty
// file of this kind configures the same as no file.
//
// +kubebuilder:object:root=true
type WebhostingOperatorConfig struct {
	metav1.TypeMeta `json:",inline"`

	// ClientConnection configures the connection to the API server.
	ClientConnection componentconfig.ClientConnection `json:"clientConnection,omitempty"`
	// LeaderElection configures the election among the instances: of the one that runs all controllers, or of the one
	// that runs the sharder if Sharding says so.
	LeaderElection componentconfig.LeaderElection `json:"leaderElection,omitempty"`
	// Health configures the endpoints for probes.
	Health componentconfig.HealthServer `json:"health,omitempty"`
	// Metrics configures the endpoint for metrics and profiles.
	Metrics componentconfig.MetricsServer `json:"metrics,omitempty"`
	// Debugging configures what helps to look into a running process.
	Debugging componentconfig.Debugging `json:"debugging,omitempty"`
	// Ingress configures what all Ingress objects of websites have in common.
	Ingress Ingress `json:"ingress,omitempty"`
	// WebServer configures what all Deployments of websites have in common.
	WebServer WebServer `json:"webServer,omitempty"`
	// Controllers configures the controllers.
	Controllers Controllers `json:"controllers,omitempty"`
	// Sharding configures how instances share the work.
	Sharding Sharding `json:"sharding,omitempty"`
}

// Ingress configures what all Ingress objects of websites have in common.
type Ingress struct {
	// Annotations are set on every Ingress. Default: none.
	Annotations map[string]string `json:"annotations,omitempty"`
	// Hosts are the DNS names that websites are served on; a name may start with the wildcard label "*". Default: none,
	// which makes rules that match every host.
	Hosts []string `json:"hosts,omitempty"`
	// TLS is copied into every Ingress. Default: none.
	TLS []networkingv1.IngressTLS `json:"tls,omitempty"`
	// IngressClassName selects the ingress controller. Default: empty, which leaves the choice to the cluster's default
	// class.
	IngressClassName string `json:"ingressClassName,omitempty"`
}

// WebServer configures what all Deployments of websites have in common.
type WebServer struct {
	// Image is the reference of an image that runs nginx without privileges. Default:
	// nginxinc/nginx-unprivileged:1.29.
	Image string `json:"image,omitempty"`
}

// Controllers configures the controllers.
type Controllers struct {
	// Website configures the controller of Websites.
	Website WebsiteController `json:"website,omitempty"`
}

// WebsiteController configures the controller of Websites.
type WebsiteController struct {
	// ConcurrentSyncs is the number of Websites that are reconciled at the same time. Default: 15.
	ConcurrentSyncs int `json:"concurrentSyncs,omitempty"`
}
