// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"net/http"
	"net/http/pprof"
	"runtime"

	"k8s.io/utils/ptr"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// MetricsOptions configures the server of metrics, and of profiles where they are wanted. Profiles are behind the same
// authentication and authorization, which a server of their own would not have.
func MetricsOptions(metrics *componentconfig.MetricsServer, debugging *componentconfig.Debugging) metricsserver.Options {
	opts := metricsserver.Options{
		BindAddress:   metrics.BindAddress,
		SecureServing: ptr.Deref(metrics.SecureServing, true),
		CertDir:       metrics.CertDir,
	}
	if opts.SecureServing {
		opts.FilterProvider = onlyAuthorized
	}
	if debugging.EnableProfiling {
		opts.ExtraHandlers = profilingHandlers()
		recordAllocations()
	}
	if debugging.EnableContentionProfiling {
		runtime.SetBlockProfileRate(1)
	}
	return opts
}

// recordAllocations begins to do so if the environment said not to (GODEBUG=memprofilerate=0), as the manifests have it: the
// records take 1.5 MB of every process from the first one on, and only before it begins can it be told to do without.
func recordAllocations() {
	if runtime.MemProfileRate == 0 {
		runtime.MemProfileRate = 512 << 10 // the Go runtime's own default
	}
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
