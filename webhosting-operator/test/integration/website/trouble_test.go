// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"
	"slices"
	"sync/atomic"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

var _ = Describe("A website in trouble", func() {
	var (
		namespace string
		operator  *operator
		theme     *v1alpha1.Theme
	)

	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		operator = startOperator(namespace, patient)
		theme = newTheme(ctx, "trouble-")
	})

	It("does not care about a write that lost against somebody else's", func(ctx context.Context) {
		site := readyWebsite(ctx, namespace, "blog", theme.Name)
		phases := watchPhases(ctx, site)
		operator.reset()

		By("changing its Deployment right before the operator does")
		var interfered atomic.Int32
		operator.interfere(func(r request) {
			defer GinkgoRecover()
			if r.method == "PATCH" && r.resource == "deployments" && interfered.Add(1) <= 2 {
				setDeploymentStatus(ctx, site, func(d *appsv1.Deployment) { d.Status.CollisionCount = new(interfered.Load()) })
			}
		})
		theme.Spec.Color = "red"
		Expect(api.Update(ctx, theme)).To(Succeed())

		// It loses once more for each time that it tries before its cache shows the last change.
		Eventually(func() []string { return slices.Compact(operator.writes()) }).Should(HaveExactElements(
			"PATCH configmaps OK", "PATCH deployments Conflict", "PATCH deployments OK"))
		Expect(interfered.Load()).To(BeNumerically(">", 2))
		rollOut(ctx, site)
		Consistently(ctx, status(site)).Should(Equal("Ready Available"))
		Expect(phases()).To(HaveEach(v1alpha1.PhaseReady))
		Expect(operator.errors.count.Load()).To(BeZero())
	})

	It("writes its status again if somebody else changed the website meanwhile", func(ctx context.Context) {
		var interfered atomic.Bool
		operator.interfere(func(r request) {
			defer GinkgoRecover()
			if r.resource == "websites/status" && interfered.CompareAndSwap(false, true) {
				site := &v1alpha1.Website{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "blog"}}
				Expect(api.Patch(ctx, site, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"a":"b"}}}`)))).To(Succeed())
			}
		})
		readyWebsite(ctx, namespace, "blog", theme.Name)
		Eventually(operator.writes).Should(ContainElements("PATCH websites/status Conflict", "PATCH websites/status OK"))
		Expect(operator.errors.count.Load()).To(BeZero())
	})

	It("creates again what is deleted right before it is changed", func(ctx context.Context) {
		site := readyWebsite(ctx, namespace, "blog", theme.Name)
		before := childrenOf(ctx, site)
		operator.reset()
		var interfered atomic.Bool
		operator.interfere(func(r request) {
			defer GinkgoRecover()
			if r.method == "PATCH" && r.resource == "configmaps" && interfered.CompareAndSwap(false, true) {
				Expect(api.Delete(ctx, before.configMap)).To(Succeed())
			}
		})
		theme.Spec.Color = "red"
		Expect(api.Update(ctx, theme)).To(Succeed())
		Eventually(operator.writes).Should(ContainElement("PATCH deployments OK"))
		GinkgoWriter.Println(operator.writes())
		Expect(childrenOf(ctx, site).configMap.Data["index.html"]).To(ContainSubstring("red"))
		Expect(operator.errors.count.Load()).To(BeZero())
	})

	It("leaves alone what somebody else controls, and says so, until it is gone", func(ctx context.Context) {
		By("taking the name before the website can: its objects' names depend on its UID, so it waits for its theme")
		site := newWebsite(ctx, namespace, "blog", theme.Name+"-later")
		Eventually(ctx, status(site)).Should(Equal("Error ThemeNotFound"))
		foreign := &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{
				Namespace: namespace, Name: website.ServerName(site),
				OwnerReferences: []metav1.OwnerReference{{
					APIVersion: "example.com/v1", Kind: "Gateway", Name: "gateway", UID: "1-2-3", Controller: new(true),
				}},
			},
			Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 4711}}},
		}
		Expect(api.Create(ctx, foreign)).To(Succeed())
		Expect(api.Create(ctx, &v1alpha1.Theme{ObjectMeta: metav1.ObjectMeta{Name: theme.Name + "-later"}, Spec: theme.Spec})).To(Succeed())

		Eventually(ctx, status(site)).Should(Equal("Error NameTaken"))
		Expect(readyMessage(ctx, site)).To(ContainSubstring("Gateway"))
		Eventually(ctx, events(namespace)).Should(ContainElement(HavePrefix("Warning NameTaken")))
		taken := foreign.DeepCopy()
		Expect(api.Get(ctx, client.ObjectKeyFromObject(foreign), taken)).To(Succeed())
		Expect(taken.ResourceVersion).To(Equal(foreign.ResourceVersion))

		By("labelling it, so that the operator sees it")
		operator.reset()
		Expect(api.Patch(ctx, taken, client.RawPatch("application/merge-patch+json",
			[]byte(`{"metadata":{"labels":{"app.kubernetes.io/managed-by":"webhosting-operator"}}}`)))).To(Succeed())
		Consistently(ctx, status(site)).Should(Equal("Error NameTaken"))

		By("deleting it")
		Expect(api.Delete(ctx, foreign)).To(Succeed())
		rollOut(ctx, site)
		Eventually(ctx, status(site)).Should(Equal("Ready Available"))
	})

	It("says what the API server refuses for good, and tries again now and then", func(ctx context.Context) {
		quota := &corev1.ResourceQuota{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "none"},
			Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{"count/ingresses.networking.k8s.io": {}}},
		}
		Expect(api.Create(ctx, quota)).To(Succeed())
		quota.Status = corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: quota.Spec.Hard}
		Expect(api.Status().Update(ctx, quota)).To(Succeed())
		Eventually(ctx, func(ctx context.Context) error {
			probe := &networkingv1.Ingress{
				ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "probe"},
				Spec:       networkingv1.IngressSpec{Rules: []networkingv1.IngressRule{{Host: "example.com"}}},
			}
			return api.Create(ctx, probe, client.DryRunAll)
		}).Should(MatchError(ContainSubstring("exceeded quota: none")), "the API server has heard of it")

		site := newWebsite(ctx, namespace, "blog", theme.Name)
		Eventually(ctx, status(site)).Should(Equal("Error Refused"))
		Expect(readyMessage(ctx, site)).To(And(ContainSubstring("ingresses"), ContainSubstring("exceeded quota: none")))
		Consistently(operator.errors.count.Load).Should(BeNumerically("<", 8))

		Eventually(ctx, events(namespace)).Should(ConsistOf(HavePrefix("Warning Refused")))
		Expect(api.Delete(ctx, quota)).To(Succeed())
		rollOut(ctx, site)
		Eventually(ctx, status(site)).Should(Equal("Ready Available"))
	})

	It("says why its pods are refused", func(ctx context.Context) {
		site := newWebsite(ctx, namespace, "blog", theme.Name)
		setDeploymentStatus(ctx, site, func(d *appsv1.Deployment) {
			d.Status.Conditions = []appsv1.DeploymentCondition{{
				Type: "ReplicaFailure", Status: "True", Reason: "FailedCreate", Message: `pods "blog-1" is forbidden: exceeded quota: few`,
			}}
		})
		Eventually(ctx, status(site)).Should(Equal("Pending RolloutStuck"))
		Expect(readyMessage(ctx, site)).To(And(ContainSubstring("exceeded quota: few"), ContainSubstring("tries again by itself")))
		Eventually(ctx, events(namespace)).Should(ContainElement(HavePrefix("Warning RolloutStuck")))
		rollOut(ctx, site)
		Eventually(ctx, status(site)).Should(Equal("Ready Available"))
	})

	It("tells when its rollout makes no progress", func(ctx context.Context) {
		site := newWebsite(ctx, namespace, "blog", theme.Name)
		setDeploymentStatus(ctx, site, func(d *appsv1.Deployment) {
			d.Status.Replicas, d.Status.UpdatedReplicas = 1, 1
			d.Status.Conditions = []appsv1.DeploymentCondition{{
				Type: "Progressing", Status: "False", Reason: "ProgressDeadlineExceeded",
			}}
		})
		Eventually(ctx, status(site)).Should(Equal("Pending RolloutStuck"))
		rollOut(ctx, site)
		Eventually(ctx, status(site)).Should(Equal("Ready Available"))
	})
})
