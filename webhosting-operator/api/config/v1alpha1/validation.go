// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"github.com/distribution/reference"
	networkingv1 "k8s.io/api/networking/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/utils/ptr"
)

// Validate returns what is wrong with a configuration whose defaults are set, each error with the path of its field. It
// returns nil for a valid configuration.
func Validate(c *WebhostingOperatorConfig) field.ErrorList {
	var errs field.ErrorList
	errs = append(errs, validateClientConnection(&c.ClientConnection, field.NewPath("clientConnection"))...)
	errs = append(errs, validateLeaderElection(&c.LeaderElection, c.Sharding.Mode, field.NewPath("leaderElection"))...)
	errs = append(errs, validateBindAddress(c.Health.BindAddress, field.NewPath("health", "bindAddress"))...)
	errs = append(errs, validateMetrics(c, field.NewPath("metrics"))...)
	errs = append(errs, validateDebugging(c, field.NewPath("debugging"))...)
	errs = append(errs, validateIngress(&c.Ingress, field.NewPath("ingress"))...)
	if _, err := reference.ParseNormalizedNamed(c.WebServer.Image); err != nil {
		errs = append(errs, field.Invalid(field.NewPath("webServer", "image"), c.WebServer.Image, err.Error()))
	}
	if syncs := c.Controllers.Website.ConcurrentSyncs; syncs < 1 {
		path := field.NewPath("controllers", "website", "concurrentSyncs")
		errs = append(errs, field.Invalid(path, syncs, "must be at least 1"))
	}
	errs = append(errs, validateSharding(c, field.NewPath("sharding"))...)
	return errs
}

func validateClientConnection(c *ClientConnection, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.Burst < 0 {
		errs = append(errs, field.Invalid(path.Child("burst"), c.Burst, "must not be negative"))
	}
	if c.QPS > 0 && c.Burst < 1 {
		errs = append(errs, field.Invalid(path.Child("burst"), c.Burst, "must be at least 1 where qps sets a limit"))
	}
	return errs
}

func validateMetrics(c *WebhostingOperatorConfig, path *field.Path) field.ErrorList {
	errs := validateBindAddress(c.Metrics.BindAddress, path.Child("bindAddress"))
	if c.Metrics.BindAddress == c.Health.BindAddress && !isAnyFreePort(c.Metrics.BindAddress) {
		errs = append(errs, field.Invalid(path.Child("bindAddress"), c.Metrics.BindAddress,
			"must differ from health.bindAddress"))
	}
	if c.Metrics.CertDir != "" && !ptr.Deref(c.Metrics.SecureServing, true) {
		errs = append(errs, field.Forbidden(path.Child("certDir"), "has no effect without secureServing"))
	}
	return errs
}

func validateDebugging(c *WebhostingOperatorConfig, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	if c.Debugging.EnableContentionProfiling && !c.Debugging.EnableProfiling {
		errs = append(errs, field.Forbidden(path.Child("enableContentionProfiling"),
			"has no effect without enableProfiling"))
	}
	if c.Debugging.EnableProfiling && c.Metrics.BindAddress == "0" {
		errs = append(errs, field.Forbidden(path.Child("enableProfiling"),
			"profiles are served beside the metrics, which metrics.bindAddress turns off"))
	}
	return errs
}

func validateIngress(c *Ingress, path *field.Path) field.ErrorList {
	errs := apivalidation.ValidateAnnotations(c.Annotations, path.Child("annotations"))
	errs = append(errs, validateHosts(c.Hosts, path.Child("hosts"))...)
	for i, tls := range c.TLS {
		errs = append(errs, validateTLS(&tls, path.Child("tls").Index(i))...)
	}
	if c.IngressClassName != "" {
		for _, msg := range validation.IsDNS1123Subdomain(c.IngressClassName) {
			errs = append(errs, field.Invalid(path.Child("ingressClassName"), c.IngressClassName, msg))
		}
	}
	return errs
}

func validateTLS(tls *networkingv1.IngressTLS, path *field.Path) field.ErrorList {
	errs := validateHosts(tls.Hosts, path.Child("hosts"))
	if tls.SecretName != "" {
		for _, msg := range validation.IsDNS1123Subdomain(tls.SecretName) {
			errs = append(errs, field.Invalid(path.Child("secretName"), tls.SecretName, msg))
		}
	}
	return errs
}
