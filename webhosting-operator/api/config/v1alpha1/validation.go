// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"github.com/distribution/reference"
	networkingv1 "k8s.io/api/networking/v1"
	apivalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// Validate returns what is wrong with a configuration whose defaults are set, each error with the path of its field. It
// returns nil for a valid configuration.
func Validate(c *WebhostingOperatorConfig) field.ErrorList {
	var errs field.ErrorList
	errs = append(errs, c.ClientConnection.Validate(field.NewPath("clientConnection"))...)
	errs = append(errs, validateLeaderElection(&c.LeaderElection, c.Sharding.Mode, field.NewPath("leaderElection"))...)
	errs = append(errs, componentconfig.ValidateServers(&c.Health, &c.Metrics, &c.Debugging)...)
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
