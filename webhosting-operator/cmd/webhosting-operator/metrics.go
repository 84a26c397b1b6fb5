// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/http"
	"net/http/pprof"
	"runtime"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
)

// metricsOptions configures the server of metrics, and of profiles where they are wanted. Profiles are behind the same
// authentication and authorization, which a server of their own would not have.
func metricsOptions(config *configv1alpha1.WebhostingOperatorConfig) metricsserver.Options {
	opts := metricsserver.Options{
		BindAddress:   config.Metrics.BindAddress,
		SecureServing: ptr.Deref(config.Metrics.SecureServing, true),
		CertDir:       config.Metrics.CertDir,
	}
	if opts.SecureServing {
		opts.FilterProvider = filters.WithAuthenticationAndAuthorization
	}
	if config.Debugging.EnableProfiling {
		opts.ExtraHandlers = profilingHandlers()
	}
	if config.Debugging.EnableContentionProfiling {
		runtime.SetBlockProfileRate(1)
	}
	return opts
}

func profilingHandlers() map[string]http.Handler {
	return map[string]http.Handler{
		"/debug/pprof/":        http.HandlerFunc(pprof.Index),
		"/debug/pprof/cmdline": http.HandlerFunc(pprof.Cmdline),
		"/debug/pprof/profile": http.HandlerFunc(pprof.Profile),
		"/debug/pprof/symbol":  http.HandlerFunc(pprof.Symbol),
		"/debug/pprof/trace":   http.HandlerFunc(pprof.Trace),
	}
}
