// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

var _ = Describe("A deleted website", func() {
	var (
		namespace string
		operator  *operator
		theme     *v1alpha1.Theme
	)

	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		operator = startOperator(namespace)
		theme = newTheme(ctx, "deleted-")
	})

	It("is gone at once, and leaves its objects to garbage collection", func(ctx context.Context) {
		site := readyWebsite(ctx, namespace, "blog", theme.Name)
		Expect(site.Finalizers).To(BeEmpty())
		operator.reset()

		Expect(api.Delete(ctx, site)).To(Succeed())
		Expect(apierrors.IsNotFound(api.Get(ctx, client.ObjectKeyFromObject(site), site))).To(BeTrue())
		operator.losesSightOf(ctx, site)
		for _, child := range childrenOf(ctx, site).all() {
			Expect(metav1.IsControlledBy(child, site)).To(BeTrue())
			Expect(api.Delete(ctx, child)).To(Succeed())
		}
		Consistently(operator.writes).Should(BeEmpty())
	})

	It("is Terminating while something holds it, and nothing is repaired any more", func(ctx context.Context) {
		site := readyWebsite(ctx, namespace, "blog", theme.Name, func(w *v1alpha1.Website) {
			w.Finalizers = []string{"example.com/backup"}
		})
		operator.reset()

		Expect(api.Delete(ctx, site)).To(Succeed())
		Eventually(ctx, status(site)).Should(Equal("Terminating Deleted"))
		for _, child := range childrenOf(ctx, site).all() {
			Expect(api.Delete(ctx, child)).To(Succeed())
		}
		Eventually(operator.writes).ShouldNot(BeEmpty())
		Consistently(operator.writes).Should(ConsistOf("PATCH websites/status OK"))

		Expect(api.Patch(ctx, site, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`)))).To(Succeed())
		Eventually(ctx, func(ctx context.Context) bool {
			return apierrors.IsNotFound(api.Get(ctx, client.ObjectKeyFromObject(site), site))
		}).Should(BeTrue())
		Expect(operator.errors.count.Load()).To(BeZero())
	})
})
