// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ingressclass_test

import (
	"testing"

	. "github.com/onsi/gomega"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/ingressclass"
)

func TestProblem(t *testing.T) {
	contour, traefik := class("contour", ""), class("traefik", "")
	standard, not := class("nginx", "true"), class("nginx", "false")
	none, fake := ingress("plain", ""), ingress("skipped", "fake")
	byAnnotation := ingress("old", "")
	byAnnotation.Annotations = map[string]string{"kubernetes.io/ingress.class": "nginx"}

	for name, test := range map[string]struct {
		config    string
		classes   []networkingv1.IngressClass
		ingresses []networkingv1.Ingress
		wants     []string // empty: no problem
		lacks     string
	}{
		"the default class": {classes: classes(contour, standard), ingresses: ingresses(ingress("a", "nginx"), fake)},
		"the default class, and an annotation that names another": {
			classes: classes(standard), ingresses: ingresses(byAnnotation),
		},
		"a class that exists": {config: "ingress: {ingressClassName: contour}", classes: classes(contour, traefik), ingresses: ingresses(none)},
		"an annotation for controllers that know no classes": {
			config: `ingress: {annotations: {kubernetes.io/ingress.class: nginx}}`, ingresses: ingresses(none),
		},
		"no class at all": {
			ingresses: ingresses(fake, none),
			wants: []string{
				"no IngressClass, as if it had no ingress controller", "set ingress.ingressClassName to its class",
				"kubectl port-forward -n garden service/plain 8000:http",
			},
		},
		"no class at all, and no website": {wants: []string{"Install one"}, lacks: "port-forward"},
		"none is the default": {
			classes: classes(traefik, contour, not),
			wants:   []string{"no IngressClass of the cluster is the default one", "Set ingress.ingressClassName to one of contour, nginx, traefik"},
		},
		"older than the default class": {
			classes: classes(contour, standard), ingresses: ingresses(none, ingress("b", "nginx"), none, fake),
			wants: []string{"serve 2 websites", "only when they are created", "Set ingress.ingressClassName to nginx in"},
		},
		"a class that does not exist": {
			config: "ingress: {ingressClassName: haproxy}", classes: classes(traefik, standard), ingresses: ingresses(none),
			wants: []string{"ingress.ingressClassName is haproxy, and the cluster has no such IngressClass", "one of nginx, traefik in"},
		},
		"a class that does not exist, nor another": {
			config: "ingress: {ingressClassName: haproxy}", ingresses: ingresses(none),
			wants: []string{"is haproxy", "no IngressClass at all", "Install an ingress controller with that class", "port-forward"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			settings, err := ingressclass.SettingsOf([][]byte{[]byte(test.config)})
			g.Expect(err).NotTo(HaveOccurred())
			problem := ingressclass.Situation{Settings: settings, Classes: test.classes, Ingresses: test.ingresses}.Problem()
			if len(test.wants) == 0 {
				g.Expect(problem).To(BeEmpty())
			}
			for _, want := range test.wants {
				g.Expect(problem).To(ContainSubstring(want))
			}
			if test.lacks != "" {
				g.Expect(problem).NotTo(ContainSubstring(test.lacks))
			}
		})
	}
}

func TestSettingsOf(t *testing.T) {
	g := NewWithT(t)
	settings, err := ingressclass.SettingsOf([][]byte{
		[]byte("sharding: {mode: Both}\ningress: {ingressClassName: first, annotations: {a: x}}"),
		[]byte("debugging: {enableProfiling: true}"),
		[]byte("ingress: {ingressClassName: last}"),
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(settings).To(Equal(ingressclass.Settings{ClassName: "last", Annotations: map[string]string{"a": "x"}}))

	_, err = ingressclass.SettingsOf([][]byte{[]byte("{")})
	g.Expect(err).To(MatchError(ContainSubstring("configuration")))
}

func class(name, standard string) networkingv1.IngressClass {
	class := networkingv1.IngressClass{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if standard != "" {
		class.Annotations = map[string]string{"ingressclass.kubernetes.io/is-default-class": standard}
	}
	return class
}

func classes(all ...networkingv1.IngressClass) []networkingv1.IngressClass { return all }

func ingress(name, class string) networkingv1.Ingress {
	ingress := networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "garden", Name: name}}
	if class != "" {
		ingress.Spec.IngressClassName = &class
	}
	return ingress
}

func ingresses(all ...networkingv1.Ingress) []networkingv1.Ingress { return all }
