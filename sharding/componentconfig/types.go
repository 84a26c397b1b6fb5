// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package componentconfig

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ClientConnection configures the connection to the API server.
type ClientConnection struct {
	// Kubeconfig is the path of a kubeconfig file; the flag --kubeconfig overrides it. Default: empty, which takes
	// $KUBECONFIG, in a pod its ServiceAccount, or else ~/.kube/config.
	Kubeconfig string `json:"kubeconfig,omitempty"`
	// QPS limits the requests per second. Default: -1, which is no limit: the API server's priority and fairness
	// protects it better than each client's guess.
	QPS float32 `json:"qps,omitempty"`
	// Burst is the number of requests that may exceed QPS for a moment. It has no effect without a limit. Default: twice
	// the QPS.
	Burst int `json:"burst,omitempty"`
}

// LeaderElection configures a leader election by a Lease.
type LeaderElection struct {
	// LeaderElect says whether there is an election. Without one every instance believes itself alone. Default: true.
	LeaderElect *bool `json:"leaderElect,omitempty"`
	// ResourceName is the name of the Lease. Default: the program's name.
	ResourceName string `json:"resourceName,omitempty"`
	// ResourceNamespace is the namespace of the Lease. Default: empty, which is the Pod's own namespace, outside a Pod one
	// that the program chooses.
	ResourceNamespace string `json:"resourceNamespace,omitempty"`

	LeaseTimes `json:",inline"`
}

// LeaseTimes are the durations by which a Lease is held.
type LeaseTimes struct {
	// LeaseDuration is how long others wait after the last renewal before they consider the lease expired, in whole
	// seconds. Default: 15s.
	LeaseDuration metav1.Duration `json:"leaseDuration,omitempty"`
	// RenewDeadline is how long the holder tries to renew before it gives up and exits. It is less than LeaseDuration.
	// Default: 10s.
	RenewDeadline metav1.Duration `json:"renewDeadline,omitempty"`
	// RetryPeriod is the time between two attempts to acquire or renew. With its jitter of 20 % it is less than
	// RenewDeadline. Default: 2s.
	RetryPeriod metav1.Duration `json:"retryPeriod,omitempty"`
}

// HealthServer configures the endpoints for probes.
type HealthServer struct {
	// BindAddress is the host and port that /healthz and /readyz are served on, "0" for not at all; the flag
	// --health-probe-bind-address overrides it. Default: ":8081".
	BindAddress string `json:"bindAddress,omitempty"`
}

// MetricsServer configures the endpoint for metrics and profiles.
type MetricsServer struct {
	// BindAddress is the host and port that /metrics is served on, "0" for not at all; the flag --metrics-bind-address
	// overrides it. Default: ":8443".
	BindAddress string `json:"bindAddress,omitempty"`
	// SecureServing serves by TLS, and only to clients whom the API server authenticates by their token and authorizes
	// to get the path. Default: true.
	SecureServing *bool `json:"secureServing,omitempty"`
	// CertDir is the directory with the serving certificate in tls.crt and tls.key, which are read again when they
	// change. Default: empty, which is a self-signed certificate made at start.
	CertDir string `json:"certDir,omitempty"`
}

// Debugging configures what helps to look into a running process.
type Debugging struct {
	// EnableProfiling serves /debug/pprof/ beside the metrics, to the same clients. Default: false.
	EnableProfiling bool `json:"enableProfiling,omitempty"`
	// EnableContentionProfiling records where goroutines wait for locks; it needs EnableProfiling. Default: false.
	EnableContentionProfiling bool `json:"enableContentionProfiling,omitempty"`
}
