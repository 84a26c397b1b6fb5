// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	networkingv1 "k8s.io/api/networking/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
)

// IngressSettings is what the Ingress objects of all websites have in common. The zero value is valid: rules without a
// host, for the cluster's default ingress class.
type IngressSettings struct {
	// Annotations are set on every Ingress.
	Annotations map[string]string
	// Hosts are the names that websites are served on. If empty, any name will do.
	Hosts []string
	// TLS is copied into every Ingress.
	TLS []networkingv1.IngressTLS
	// ClassName selects the ingress controller. If empty, it is left to the cluster's default class.
	ClassName string
}

// skippedClassName is the ingress class of websites whose workload is skipped. No ingress controller claims it.
const skippedClassName = "fake"

// ingress makes the website reachable from outside, at /<namespace>/<name>.
func ingress(s site, settings IngressSettings) *networkingv1ac.IngressApplyConfiguration {
	spec := networkingv1ac.IngressSpec()
	switch {
	case s.skipWorkload:
		spec.WithIngressClassName(skippedClassName)
	case settings.ClassName != "":
		spec.WithIngressClassName(settings.ClassName)
	}

	if len(settings.Hosts) == 0 {
		spec.WithRules(networkingv1ac.IngressRule().WithHTTP(ingressPaths(s)))
	}
	for _, host := range settings.Hosts {
		spec.WithRules(networkingv1ac.IngressRule().WithHost(host).WithHTTP(ingressPaths(s)))
	}
	for _, tls := range settings.TLS {
		t := networkingv1ac.IngressTLS().WithHosts(tls.Hosts...)
		if tls.SecretName != "" {
			t.WithSecretName(tls.SecretName)
		}
		spec.WithTLS(t)
	}

	return networkingv1ac.Ingress(s.serverName, s.website.Namespace).
		WithAnnotations(settings.Annotations).
		WithSpec(spec)
}

func ingressPaths(s site) *networkingv1ac.HTTPIngressRuleValueApplyConfiguration {
	return networkingv1ac.HTTPIngressRuleValue().WithPaths(networkingv1ac.HTTPIngressPath().
		WithPath("/" + s.website.Namespace + "/" + s.website.Name).
		WithPathType(networkingv1.PathTypePrefix).
		WithBackend(networkingv1ac.IngressBackend().
			WithService(networkingv1ac.IngressServiceBackend().
				WithName(s.serverName).
				WithPort(networkingv1ac.ServiceBackendPort().WithName(portName)))))
}
