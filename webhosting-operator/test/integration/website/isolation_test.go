// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

// The operator may write to all namespaces. Those who may only write to one must not have it do so elsewhere.
var _ = Describe("A project", func() {
	var (
		garden, museum string
		operator       *operator
		theme          *v1alpha1.Theme
	)

	BeforeEach(func(ctx context.Context) {
		garden, museum = newNamespace(ctx), newNamespace(ctx)
		operator = startOperator(garden, func(s *setup) { s.manager.Cache.DefaultNamespaces[museum] = cache.Config{} })
		theme = newTheme(ctx, "isolation-")
	})

	It("has objects of its own for a website that has a namesake in another project", func(ctx context.Context) {
		one, other := readyWebsite(ctx, garden, "blog", theme.Name), readyWebsite(ctx, museum, "blog", theme.Name)
		for _, child := range childrenOf(ctx, one).all() {
			Expect(metav1.IsControlledBy(child, one)).To(BeTrue())
			Expect(metav1.IsControlledBy(child, other)).To(BeFalse())
		}
		Expect(website.ServerName(one)).NotTo(Equal(website.ServerName(other)))
	})

	It("does not change another one's objects by naming its websites as their owners", func(ctx context.Context) {
		victim := readyWebsite(ctx, museum, "blog", theme.Name)
		operator.reset()
		foreign := &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: garden, Name: website.ServerName(victim),
				Labels: map[string]string{"app.kubernetes.io/managed-by": "webhosting-operator"},
				OwnerReferences: []metav1.OwnerReference{{
					APIVersion: v1alpha1.GroupVersion.String(), Kind: "Website", Name: victim.Name, UID: victim.UID, Controller: new(true),
				}},
			},
			Data: map[string]string{"index.html": "mine"},
		}
		Expect(api.Create(ctx, foreign)).To(Succeed())
		Consistently(operator.writes).Should(BeEmpty())

		By("having a website there of the same name")
		readyWebsite(ctx, garden, victim.Name, theme.Name)
		Expect(operator.writes()).To(HaveEach(Or(HavePrefix("PATCH websites/status"), HaveSuffix("Created"))))
		unchanged := foreign.DeepCopy()
		Expect(api.Get(ctx, client.ObjectKeyFromObject(foreign), unchanged)).To(Succeed())
		Expect(unchanged.ResourceVersion).To(Equal(foreign.ResourceVersion))
	})

	It("does not keep the path of another one in an Ingress", func(ctx context.Context) {
		site := readyWebsite(ctx, garden, "blog", theme.Name)
		ingress := childrenOf(ctx, site).ingress
		ingress.Spec.Rules[0].HTTP.Paths[0].Path = "/" + museum + "/blog"
		Expect(api.Update(ctx, ingress)).To(Succeed())
		Eventually(func(g Gomega) {
			g.Expect(childrenOf(ctx, site).ingress.Spec.Rules).To(HaveExactElements(
				HaveField("HTTP.Paths", HaveExactElements(HaveField("Path", "/"+garden+"/blog")))))
		}).Should(Succeed())
	})

	DescribeTable("keeps what was there before the website, and belongs to nobody",
		func(ctx context.Context, object func(metav1.ObjectMeta) client.Object) {
			By("taking the name before the website can: its objects' names depend on its UID, so it waits for its theme")
			site := newWebsite(ctx, garden, "blog", theme.Name+"-later")
			Eventually(ctx, status(site)).Should(Equal("Error ThemeNotFound"))
			before := object(metav1.ObjectMeta{Namespace: garden, Name: website.ServerName(site)})
			Expect(api.Create(ctx, before)).To(Succeed())
			late := &v1alpha1.Theme{ObjectMeta: metav1.ObjectMeta{Name: theme.Name + "-later"}, Spec: theme.Spec}
			Expect(api.Create(ctx, late)).To(Succeed())
			DeferCleanup(func(ctx context.Context) { Expect(api.Delete(ctx, late)).To(Succeed()) })

			Eventually(ctx, status(site)).Should(Equal("Error NameTaken"))
			Expect(readyMessage(ctx, site)).To(ContainSubstring("controlled by nobody"))
			after := object(metav1.ObjectMeta{})
			Expect(api.Get(ctx, client.ObjectKeyFromObject(before), after)).To(Succeed())
			Expect(after.GetResourceVersion()).To(Equal(before.GetResourceVersion()))

			By("deleting it")
			Expect(api.Delete(ctx, before)).To(Succeed())
			rollOut(ctx, site)
			Eventually(ctx, status(site)).Should(Equal("Ready Available"))
		},
		Entry("a ConfigMap", func(meta metav1.ObjectMeta) client.Object {
			return &corev1.ConfigMap{ObjectMeta: meta, Data: map[string]string{"index.html": "mine"}}
		}),
		Entry("a Deployment", func(meta metav1.ObjectMeta) client.Object {
			labels := map[string]string{"app": "mine"}
			return &appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
				Replicas: ptr.To[int32](3), Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: labels},
					Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "mine", Image: "mine"}}},
				},
			}}
		}),
		Entry("a Service", func(meta metav1.ObjectMeta) client.Object {
			return &corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{
				Selector: map[string]string{"app": "mine"}, Ports: []corev1.ServicePort{{Port: 4711}},
			}}
		}),
		Entry("an Ingress", func(meta metav1.ObjectMeta) client.Object {
			return &networkingv1.Ingress{ObjectMeta: meta, Spec: networkingv1.IngressSpec{
				DefaultBackend: &networkingv1.IngressBackend{Service: &networkingv1.IngressServiceBackend{
					Name: "mine", Port: networkingv1.ServiceBackendPort{Number: 80},
				}},
				Rules: []networkingv1.IngressRule{{Host: "mine.example.com"}},
			}}
		}),
	)
})
