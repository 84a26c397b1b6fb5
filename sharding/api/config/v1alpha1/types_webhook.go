// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

// Webhook configures how objects are assigned in the requests that create or change them.
type Webhook struct {
	// BindAddress is the host and port that the webhook is served on, "0" for not at all: then objects are assigned a
	// moment after they were created. The flag --webhook-bind-address overrides it. Default: ":9443".
	BindAddress string `json:"bindAddress,omitempty"`
	// ManageConfigurations says whether the sharder keeps a MutatingWebhookConfiguration for each ring. Without it, somebody
	// else has to; those that the sharder made earlier are left alone. Default: true.
	ManageConfigurations *bool `json:"manageConfigurations,omitempty"`
	// ServiceName is the name of the Service in the sharder's namespace by which the API server reaches the webhook.
	// Default: sharder.
	ServiceName string `json:"serviceName,omitempty"`
	// URL is how the API server reaches a webhook outside of the cluster, instead of by the Service: https, a host with a
	// port, and no path. Default: empty.
	URL string `json:"url,omitempty"`
	// Certificate configures the serving certificate.
	Certificate Certificate `json:"certificate,omitempty"`
}

// CertificateMode says where the webhook's serving certificate comes from.
type CertificateMode string

const (
	// CertificateGenerated is for a certificate, and the authority that signs it, that the sharder makes and renews itself
	// in a Secret.
	CertificateGenerated CertificateMode = "Generated"
	// CertificateProvided is for a certificate that somebody else provides in files and renews there.
	CertificateProvided CertificateMode = "Provided"
)

// Certificate configures the serving certificate of the webhook.
type Certificate struct {
	// Mode says where the certificate comes from: Generated or Provided. Default: Generated.
	Mode CertificateMode `json:"mode,omitempty"`
	// SecretName is the name of the Secret in the sharder's namespace that holds a generated certificate, and the authority
	// that signed it. Default in mode Generated: sharder-webhook.
	SecretName string `json:"secretName,omitempty"`
	// Directory is where a provided certificate is: tls.crt and tls.key, which are read again when they change, and ca.crt,
	// which is what the webhook configurations of the sharder trust. Required in mode Provided.
	Directory string `json:"directory,omitempty"`
	// InjectCAFrom is the namespace/name of a certificate of cert-manager, which then says in the webhook configurations
	// what to trust, instead of ca.crt. Default: empty.
	InjectCAFrom string `json:"injectCAFrom,omitempty"`
}
