// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"net/url"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

// Validate returns what is wrong with a configuration whose defaults are set, each error with the path of its field. It
// returns nil for a valid configuration.
func Validate(c *SharderConfig) field.ErrorList {
	var errs field.ErrorList
	if c.Namespace != "" {
		errs = append(errs, validateName(c.Namespace, validation.IsDNS1123Label, field.NewPath("namespace"))...)
	}
	errs = append(errs, c.ClientConnection.Validate(field.NewPath("clientConnection"))...)
	errs = append(errs, c.LeaderElection.Validate(field.NewPath("leaderElection"))...)
	errs = append(errs, componentconfig.ValidateServers(&c.Health, &c.Metrics, &c.Debugging)...)
	errs = append(errs, validateWebhook(c, field.NewPath("webhook"))...)
	errs = append(errs, validateController(&c.Controller, field.NewPath("controller"))...)
	return errs
}

func validateController(c *Controller, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	positive := func(duration time.Duration, name string) {
		if duration <= 0 {
			errs = append(errs, field.Invalid(path.Child(name), duration.String(), "must be greater than zero"))
		}
	}
	positive(c.DrainTimeout.Duration, "drainTimeout")
	positive(c.CheckPeriod.Duration, "checkPeriod")
	if c.ConcurrentWrites < 1 {
		errs = append(errs, field.Invalid(path.Child("concurrentWrites"), c.ConcurrentWrites, "must be at least 1"))
	}
	return errs
}

func validateWebhook(c *SharderConfig, path *field.Path) field.ErrorList {
	address := c.Webhook.BindAddress
	errs := componentconfig.ValidateBindAddress(address, path.Child("bindAddress"))
	if address == c.Health.BindAddress && address != "0" {
		errs = append(errs, field.Invalid(path.Child("bindAddress"), address, "must differ from health.bindAddress"))
	}
	if address == c.Metrics.BindAddress && address != "0" {
		errs = append(errs, field.Invalid(path.Child("bindAddress"), address, "must differ from metrics.bindAddress"))
	}
	if strings.HasSuffix(address, ":0") {
		errs = append(errs, field.Invalid(path.Child("bindAddress"), address, "must have a port that API servers can find"))
	}
	errs = append(errs, validateName(c.Webhook.ServiceName, validation.IsDNS1035Label, path.Child("serviceName"))...)
	if c.Webhook.URL != "" {
		errs = append(errs, validateURL(c.Webhook.URL, path.Child("url"))...)
	}
	return append(errs, validateCertificate(&c.Webhook.Certificate, path.Child("certificate"))...)
}

// validateURL accepts what paths of rings can be appended to.
func validateURL(value string, path *field.Path) field.ErrorList {
	parsed, err := url.Parse(value)
	if err != nil || *parsed != (url.URL{Scheme: "https", Host: parsed.Host}) || parsed.Hostname() == "" {
		return field.ErrorList{field.Invalid(path, value, `must be like "https://host:port", without a path`)}
	}
	return nil
}

func validateCertificate(c *Certificate, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	switch c.Mode {
	case CertificateGenerated:
		errs = append(errs, validateName(c.SecretName, validation.IsDNS1123Subdomain, path.Child("secretName"))...)
		if c.Directory != "" {
			errs = append(errs, field.Forbidden(path.Child("directory"), "has no effect in mode Generated"))
		}
		if c.InjectCAFrom != "" {
			errs = append(errs, field.Forbidden(path.Child("injectCAFrom"), "has no effect in mode Generated"))
		}
	case CertificateProvided:
		if c.SecretName != "" {
			errs = append(errs, field.Forbidden(path.Child("secretName"), "has no effect in mode Provided"))
		}
		if c.Directory == "" {
			errs = append(errs, field.Required(path.Child("directory"), "mode Provided needs it"))
		}
		if namespace, name, _ := strings.Cut(c.InjectCAFrom, "/"); c.InjectCAFrom != "" && (namespace == "" || name == "") {
			errs = append(errs, field.Invalid(path.Child("injectCAFrom"), c.InjectCAFrom, "must be namespace/name of a certificate"))
		}
	default:
		errs = append(errs, field.NotSupported(path.Child("mode"), c.Mode, []CertificateMode{CertificateGenerated, CertificateProvided}))
	}
	return errs
}

func validateName(name string, rule func(string) []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	for _, msg := range rule(name) {
		errs = append(errs, field.Invalid(path, name, msg))
	}
	return errs
}
