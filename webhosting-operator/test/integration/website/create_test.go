// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

var _ = Describe("A new website", func() {
	var (
		namespace string
		theme     *v1alpha1.Theme
	)

	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		theme = newTheme(ctx, "new-")
	})

	It("gets its objects and becomes Ready with four applies and at most two status writes", func(ctx context.Context) {
		operator := startOperator(namespace)
		site := newWebsite(ctx, namespace, "blog", theme.Name)

		c := childrenOf(ctx, site)
		for _, child := range c.all() {
			Expect(child.GetName()).To(MatchRegexp("^blog-[0-9a-f]{6}$"))
			Expect(child.GetLabels()).To(Equal(map[string]string{
				"app.kubernetes.io/name":       "nginx",
				"app.kubernetes.io/instance":   child.GetName(),
				"app.kubernetes.io/managed-by": "webhosting-operator",
			}))
			Expect(metav1.IsControlledBy(child, site)).To(BeTrue())
			Expect(*child.GetOwnerReferences()[0].BlockOwnerDeletion).To(BeTrue())
		}
		Expect(c.configMap.Data["index.html"]).To(ContainSubstring(c.configMap.Name))
		Expect(c.configMap.Data["nginx.conf"]).To(ContainSubstring("/" + namespace + "/blog"))
		Expect(c.service.Spec.Selector).To(Equal(c.deployment.Spec.Selector.MatchLabels))
		Expect(c.ingress.Spec.Rules).To(HaveLen(1))
		path := c.ingress.Spec.Rules[0].HTTP.Paths[0]
		Expect(path.Path).To(Equal("/" + namespace + "/blog"))
		Expect(path.Backend.Service.Name).To(Equal(c.service.Name))

		setDeploymentStatus(ctx, site, func(d *appsv1.Deployment) { d.Status.Replicas = 1 })
		Eventually(ctx, status(site)).Should(Equal("Pending RollingOut"))
		rollOut(ctx, site)
		Eventually(ctx, status(site)).Should(Equal("Ready Available"))

		Eventually(operator.writes).Should(ConsistOf(
			"PATCH configmaps Created", "PATCH deployments Created", "PATCH services Created", "PATCH ingresses Created",
			"PATCH websites/status OK", "PATCH websites/status OK",
		))
		Consistently(operator.writes).Should(HaveLen(6))
		Expect(operator.errors.count.Load()).To(BeZero())
	})

	It("has pods that the restricted Pod Security Standard admits", func(ctx context.Context) {
		startOperator(namespace)
		template := childrenOf(ctx, newWebsite(ctx, namespace, "blog", theme.Name)).deployment.Spec.Template

		restricted := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
			GenerateName: "restricted-",
			Labels:       map[string]string{"pod-security.kubernetes.io/enforce": "restricted"},
		}}
		Expect(api.Create(ctx, restricted)).To(Succeed())
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Namespace: restricted.Name, Name: "blog", Labels: template.Labels},
			Spec:       template.Spec,
		}
		Expect(api.Create(ctx, pod.DeepCopy(), client.DryRunAll)).To(Succeed())
		pod.Spec.SecurityContext.RunAsNonRoot = new(false)
		Expect(api.Create(ctx, pod, client.DryRunAll)).To(MatchError(ContainSubstring("violates PodSecurity")), "the standard is enforced here")
	})

	It("is Pending after a while though nobody rolls its Deployment out", func(ctx context.Context) {
		startOperator(namespace)
		site := newWebsite(ctx, namespace, "blog", theme.Name)
		Eventually(ctx, status(site)).Should(Equal("Pending RollingOut"))
	})

	It("has no pods and a class that nobody serves if its workload is skipped", func(ctx context.Context) {
		operator := startOperator(namespace, patient)
		site := newWebsite(ctx, namespace, "blog", theme.Name, func(w *v1alpha1.Website) {
			w.Labels = map[string]string{"webhosting.timebertt.dev/skip-workload": "true"}
		})
		c := childrenOf(ctx, site)
		Expect(*c.deployment.Spec.Replicas).To(BeZero())
		Expect(*c.ingress.Spec.IngressClassName).To(Equal("fake"))
		rollOut(ctx, site)
		Eventually(ctx, status(site)).Should(Equal("Ready Available"))
		Eventually(operator.writes).Should(HaveLen(5))

		By("removing the label")
		Expect(api.Patch(ctx, site, client.RawPatch("application/merge-patch+json",
			[]byte(`{"metadata":{"labels":{"webhosting.timebertt.dev/skip-workload":null}}}`)))).To(Succeed())
		Eventually(ctx, func(ctx context.Context) (int32, error) {
			err := api.Get(ctx, client.ObjectKeyFromObject(c.deployment), c.deployment)
			return *c.deployment.Spec.Replicas, err
		}).Should(Equal(int32(1)))
		Eventually(ctx, func(ctx context.Context) (*string, error) {
			err := api.Get(ctx, client.ObjectKeyFromObject(c.ingress), c.ingress)
			return c.ingress.Spec.IngressClassName, err
		}).Should(BeNil())
	})

	It("costs nothing when nothing changes", func(ctx context.Context) {
		operator := startOperator(namespace)
		site := readyWebsite(ctx, namespace, "blog", theme.Name)
		operator.reset()

		for _, value := range []string{"1", "2", "3"} {
			Expect(api.Patch(ctx, site, client.RawPatch("application/merge-patch+json",
				[]byte(`{"metadata":{"annotations":{"webhosting.timebertt.dev/reconcile":"`+value+`"}}}`)))).To(Succeed())
		}
		Consistently(operator.writes).Should(BeEmpty())
	})
})
