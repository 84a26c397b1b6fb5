// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package componentconfig

import (
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// Validate returns what is wrong with a connection whose defaults are set.
func (c *ClientConnection) Validate(path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.Burst < 0 {
		errs = append(errs, field.Invalid(path.Child("burst"), c.Burst, "must not be negative"))
	}
	if c.QPS > 0 && c.Burst < 1 {
		errs = append(errs, field.Invalid(path.Child("burst"), c.Burst, "must be at least 1 where qps sets a limit"))
	}
	return errs
}

// ValidateServers returns what is wrong with the servers that every program has, each by itself and together.
func ValidateServers(health *HealthServer, metrics *MetricsServer, debugging *Debugging) field.ErrorList {
	errs := ValidateBindAddress(health.BindAddress, field.NewPath("health", "bindAddress"))
	errs = append(errs, validateMetrics(metrics, health, field.NewPath("metrics"))...)
	return append(errs, validateDebugging(debugging, metrics, field.NewPath("debugging"))...)
}

func validateMetrics(c *MetricsServer, health *HealthServer, path *field.Path) field.ErrorList {
	errs := ValidateBindAddress(c.BindAddress, path.Child("bindAddress"))
	if c.BindAddress == health.BindAddress && !IsAnyFreePort(c.BindAddress) {
		errs = append(errs, field.Invalid(path.Child("bindAddress"), c.BindAddress,
			"must differ from health.bindAddress"))
	}
	if c.CertDir != "" && !ptr.Deref(c.SecureServing, true) {
		errs = append(errs, field.Forbidden(path.Child("certDir"), "has no effect without secureServing"))
	}
	return errs
}

func validateDebugging(c *Debugging, metrics *MetricsServer, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.EnableContentionProfiling && !c.EnableProfiling {
		errs = append(errs, field.Forbidden(path.Child("enableContentionProfiling"),
			"has no effect without enableProfiling"))
	}
	if c.EnableProfiling && metrics.BindAddress == "0" {
		errs = append(errs, field.Forbidden(path.Child("enableProfiling"),
			"profiles are served beside the metrics, which metrics.bindAddress turns off"))
	}
	return errs
}
