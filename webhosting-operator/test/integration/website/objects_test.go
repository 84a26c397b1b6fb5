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
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

// newNamespace creates a namespace for the spec.
func newNamespace(ctx context.Context) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "project-"}}
	Expect(api.Create(ctx, namespace)).To(Succeed())
	return namespace.Name
}

// newTheme creates a theme that is deleted with the spec. A name that ends with a hyphen gets a suffix.
func newTheme(ctx context.Context, name string) *v1alpha1.Theme {
	GinkgoHelper()
	theme := &v1alpha1.Theme{
		ObjectMeta: metav1.ObjectMeta{GenerateName: name},
		Spec:       v1alpha1.ThemeSpec{Color: "teal", FontFamily: "Arial, sans-serif"},
	}
	Expect(api.Create(ctx, theme)).To(Succeed())
	DeferCleanup(func(ctx context.Context) {
		Expect(client.IgnoreNotFound(api.Delete(ctx, theme))).To(Succeed())
	})
	return theme
}

// newWebsite creates a website. It has one pod, unless change says otherwise.
func newWebsite(ctx context.Context, namespace, name, theme string, change ...func(*v1alpha1.Website)) *v1alpha1.Website {
	GinkgoHelper()
	site := &v1alpha1.Website{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       v1alpha1.WebsiteSpec{Theme: theme},
	}
	for _, f := range change {
		f(site)
	}
	Expect(api.Create(ctx, site)).To(Succeed())
	return site
}

// children are the objects of one website.
type children struct {
	configMap  *corev1.ConfigMap
	deployment *appsv1.Deployment
	service    *corev1.Service
	ingress    *networkingv1.Ingress
}

func (c children) all() []client.Object {
	return []client.Object{c.configMap, c.deployment, c.service, c.ingress}
}

// childrenOf reads the objects of a website, waiting until all exist.
func childrenOf(ctx context.Context, site *v1alpha1.Website) children {
	GinkgoHelper()
	c := children{&corev1.ConfigMap{}, &appsv1.Deployment{}, &corev1.Service{}, &networkingv1.Ingress{}}
	key := client.ObjectKey{Namespace: site.Namespace, Name: website.ServerName(site)}
	for _, child := range c.all() {
		Eventually(ctx, func(ctx context.Context) error { return api.Get(ctx, key, child) }).Should(Succeed())
	}
	return c
}

// rollOut plays the controller of Deployments: all wanted pods are there and available.
func rollOut(ctx context.Context, site *v1alpha1.Website) {
	GinkgoHelper()
	setDeploymentStatus(ctx, site, func(d *appsv1.Deployment) {
		n := *d.Spec.Replicas
		d.Status.Replicas, d.Status.UpdatedReplicas, d.Status.ReadyReplicas, d.Status.AvailableReplicas = n, n, n, n
	})
}

// setDeploymentStatus plays the controller of Deployments: it has observed the latest spec.
func setDeploymentStatus(ctx context.Context, site *v1alpha1.Website, change func(*appsv1.Deployment)) {
	GinkgoHelper()
	key := client.ObjectKey{Namespace: site.Namespace, Name: website.ServerName(site)}
	Eventually(ctx, func(ctx context.Context) error {
		d := &appsv1.Deployment{}
		if err := api.Get(ctx, key, d); err != nil {
			return err
		}
		d.Status.ObservedGeneration = d.Generation
		change(d)
		return api.Status().Update(ctx, d)
	}).Should(Succeed())
}

// status returns a function that reads a website's status in short: its phase and the reason of its condition Ready.
func status(site *v1alpha1.Website) func(context.Context) string {
	return func(ctx context.Context) string {
		read := &v1alpha1.Website{}
		if err := api.Get(ctx, client.ObjectKeyFromObject(site), read); err != nil {
			return err.Error()
		}
		ready := meta.FindStatusCondition(read.Status.Conditions, "Ready")
		if ready == nil || read.Status.ObservedGeneration != read.Generation {
			return ""
		}
		return string(read.Status.Phase) + " " + ready.Reason
	}
}

// readyWebsite creates a website and waits until it is Ready.
func readyWebsite(ctx context.Context, namespace, name, theme string, change ...func(*v1alpha1.Website)) *v1alpha1.Website {
	GinkgoHelper()
	site := newWebsite(ctx, namespace, name, theme, change...)
	childrenOf(ctx, site)
	rollOut(ctx, site)
	Eventually(ctx, status(site)).Should(Equal("Ready Available"))
	return site
}
