// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package v1alpha1

import (
	"net"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// validateHosts follows what the API server accepts as the host of an Ingress.
func validateHosts(hosts []string, path *field.Path) field.ErrorList {
	var errs field.ErrorList
	seen := sets.New[string]()
	for i, host := range hosts {
		if seen.Has(host) {
			errs = append(errs, field.Duplicate(path.Index(i), host))
			continue
		}
		seen.Insert(host)
		if net.ParseIP(host) != nil {
			errs = append(errs, field.Invalid(path.Index(i), host, "must be a DNS name, not an IP address"))
			continue
		}
		valid := validation.IsDNS1123Subdomain
		if strings.HasPrefix(host, "*.") {
			valid = validation.IsWildcardDNS1123Subdomain
		}
		for _, msg := range valid(host) {
			errs = append(errs, field.Invalid(path.Index(i), host, msg))
		}
	}
	return errs
}
