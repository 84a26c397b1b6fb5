// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package ingressclass tells whether the Ingresses of websites are meant for an ingress controller that the cluster has.
package ingressclass

import (
	"fmt"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// skipped is the class of websites without a workload, which nobody is to serve.
const skipped = "fake"

// Situation is what decides who serves the websites.
type Situation struct {
	Settings Settings
	// Classes are all that the cluster has.
	Classes []networkingv1.IngressClass
	// Ingresses are those of websites.
	Ingresses []networkingv1.Ingress
}

// Problem says why no ingress controller may serve the websites, and what to do about it; empty if nothing speaks against
// it.
func (s Situation) Problem() string {
	configured, names, standard := s.Settings.ClassName, names(s.Classes), standardOf(s.Classes)
	switch {
	case s.Settings.annotated():
		return "" // the controllers that go by it need no IngressClass
	case configured != "" && slices.Contains(names, configured):
		return ""
	case configured != "" && len(names) > 0:
		return fmt.Sprintf("nobody serves the websites from outside: ingress.ingressClassName is %s, and the cluster has no such"+
			" IngressClass. %s", configured, set("it", names))
	case configured != "":
		return fmt.Sprintf("nobody serves the websites from outside: ingress.ingressClassName is %s, and the cluster has no"+
			" IngressClass at all. Install an ingress controller with that class%s", configured, s.meanwhile())
	case len(names) == 0:
		return "nobody may serve the websites from outside: the cluster has no IngressClass, as if it had no ingress controller." +
			" Install one, and " + set("ingress.ingressClassName", nil) + s.meanwhile()
	case standard == "":
		return "nobody may serve the websites from outside: their Ingresses have no class, and no IngressClass of the cluster is" +
			" the default one. " + set("ingress.ingressClassName", names)
	}
	if count := s.unclassed(); count > 0 {
		return fmt.Sprintf("nobody may serve %d websites from outside: their Ingresses have no class, since they get the default one"+
			" only when they are created. %s", count, set("ingress.ingressClassName", []string{standard}))
	}
	return ""
}

// set says what to set the knob to.
func set(knob string, to []string) string {
	const where = " in the operator's configuration (docs/configuration.md), and deploy again"
	switch len(to) {
	case 0:
		return "set " + knob + " to its class" + where
	case 1:
		return "Set " + knob + " to " + to[0] + where
	default:
		return "Set " + knob + " to one of " + strings.Join(to, ", ") + where
	}
}

// meanwhile says how to look at a website without an ingress controller, if there is one.
func (s Situation) meanwhile() string {
	for _, ingress := range s.Ingresses {
		if className(&ingress) != skipped {
			return fmt.Sprintf(". Meanwhile, this shows a website at http://localhost:8000:\n  kubectl port-forward -n %s service/%s 8000:http",
				ingress.Namespace, ingress.Name)
		}
	}
	return ""
}

// unclassed counts the Ingresses that have no class, as those that are older than the default one.
func (s Situation) unclassed() int {
	count := 0
	for _, ingress := range s.Ingresses {
		if className(&ingress) == "" {
			count++
		}
	}
	return count
}

// className returns the class of an Ingress, in the one or the other way of saying it; empty if it has none.
func className(ingress *networkingv1.Ingress) string {
	if ingress.Spec.IngressClassName != nil {
		return *ingress.Spec.IngressClassName
	}
	return ingress.Annotations[annotationClass]
}

func names(classes []networkingv1.IngressClass) []string {
	var all []string
	for _, class := range classes {
		all = append(all, class.Name)
	}
	slices.Sort(all)
	return all
}

// standardOf returns the default class, empty if there is none.
func standardOf(classes []networkingv1.IngressClass) string {
	for _, class := range classes {
		if class.Annotations[networkingv1.AnnotationIsDefaultIngressClass] == "true" {
			return class.Name
		}
	}
	return ""
}
