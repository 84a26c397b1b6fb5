// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

func exampleWebsite() *v1alpha1.Website {
	return &v1alpha1.Website{
		ObjectMeta: metav1.ObjectMeta{Namespace: "project", Name: "blog", UID: "9b1f0d5c-97d0-4f0f-8a57-3c1b9b6a1f00"},
		Spec:       v1alpha1.WebsiteSpec{Theme: "lucid"},
	}
}

func exampleSite(t *testing.T, website *v1alpha1.Website) site {
	s, err := newSite(website, &v1alpha1.Theme{Spec: v1alpha1.ThemeSpec{Color: "teal", FontFamily: "serif"}})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return s
}

func TestServerName(t *testing.T) {
	g := NewWithT(t)
	website := exampleWebsite()
	name := ServerName(website)
	g.Expect(name).To(MatchRegexp("^blog-[0-9a-f]{6}$"))
	g.Expect(ServerName(website)).To(Equal(name))

	website.UID = types.UID(strings.ToUpper(string(website.UID)))
	g.Expect(ServerName(website)).NotTo(Equal(name))

	website.Name = strings.Repeat("a", 56)
	g.Expect(validation.IsDNS1035Label(ServerName(website))).To(BeEmpty())
}

func TestIngressSettings(t *testing.T) {
	g := NewWithT(t)
	s := exampleSite(t, exampleWebsite())

	plain := ingress(s, IngressSettings{})
	g.Expect(plain.Annotations).To(BeEmpty())
	g.Expect(plain.Spec.IngressClassName).To(BeNil())
	g.Expect(plain.Spec.TLS).To(BeEmpty())
	g.Expect(plain.Spec.Rules).To(HaveLen(1))
	g.Expect(plain.Spec.Rules[0].Host).To(BeNil())
	g.Expect(*plain.Spec.Rules[0].HTTP.Paths[0].Path).To(Equal("/project/blog"))

	settings := IngressSettings{
		Annotations: map[string]string{"a": "b"},
		Hosts:       []string{"a.example.com", "b.example.com"},
		TLS:         []networkingv1.IngressTLS{{Hosts: []string{"a.example.com"}, SecretName: "a"}, {Hosts: []string{"b.example.com"}}},
		ClassName:   "nginx",
	}
	full := ingress(s, settings)
	g.Expect(full.Annotations).To(Equal(settings.Annotations))
	g.Expect(*full.Spec.IngressClassName).To(Equal("nginx"))
	g.Expect(full.Spec.Rules).To(HaveLen(2))
	g.Expect(*full.Spec.Rules[1].Host).To(Equal("b.example.com"))
	g.Expect(*full.Spec.Rules[1].HTTP.Paths[0].Path).To(Equal("/project/blog"))
	g.Expect(full.Spec.TLS).To(HaveLen(2))
	g.Expect(*full.Spec.TLS[0].SecretName).To(Equal("a"))
	g.Expect(full.Spec.TLS[1].SecretName).To(BeNil(), "the API server would drop an empty one, and it would look like drift for ever")

	full.Annotations["a"] = "c"
	g.Expect(settings.Annotations).To(Equal(map[string]string{"a": "b"}), "the answer to an apply is decoded into the configuration")
}

func TestSkippedWorkload(t *testing.T) {
	for value, want := range map[string]struct {
		replicas int32
		class    string
	}{
		"true":  {replicas: 0, class: "fake"},
		"false": {replicas: 1, class: "nginx"},
		"":      {replicas: 1, class: "nginx"},
		"True":  {replicas: 1, class: "nginx"},
	} {
		g := NewWithT(t)
		website := exampleWebsite()
		website.Labels = map[string]string{"webhosting.timebertt.dev/skip-workload": value}
		s := exampleSite(t, website)
		g.Expect(*deployment(s, DefaultImage).Spec.Replicas).To(Equal(want.replicas), value)
		g.Expect(*ingress(s, IngressSettings{ClassName: "nginx"}).Spec.IngressClassName).To(Equal(want.class), value)
	}
}

func TestControlledLabelsAreNoReasonForNewPodsOrANewChecksum(t *testing.T) {
	g := NewWithT(t)
	website := exampleWebsite()
	build := func(labels map[string]string) (annotation string, podLabels map[string]string) {
		d := deployment(exampleSite(t, website), DefaultImage)
		complete(d, website, labels)
		for key, value := range labels {
			g.Expect(d.Labels).To(HaveKeyWithValue(key, value))
		}
		return d.Annotations["webhosting.timebertt.dev/applied"], d.Spec.Template.Labels
	}

	none, podLabels := build(nil)
	one, podLabelsOfOne := build(map[string]string{"shard": "1"})
	two, _ := build(map[string]string{"shard": "2"})
	g.Expect(podLabelsOfOne).To(Equal(podLabels))
	g.Expect(two).To(Equal(one))
	g.Expect(one).NotTo(Equal(none), "without the label, the object has to be applied to lose it")
}
