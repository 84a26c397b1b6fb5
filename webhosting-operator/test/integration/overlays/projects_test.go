// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

var _ = Describe("Website outside of a project", func() {
	It("is refused where no shard would work on it, until its namespace is a project", func(ctx context.Context) {
		install(ctx, dedicated)
		outside := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "no-project-"}}
		Expect(admin.Create(ctx, outside)).To(Succeed())
		create := func(ctx context.Context) error {
			return admin.Create(ctx, &v1alpha1.Website{
				ObjectMeta: metav1.ObjectMeta{Name: "lost", Namespace: outside.Name}, Spec: v1alpha1.WebsiteSpec{Theme: "any"},
			}, client.DryRunAll)
		}

		Eventually(create).WithContext(ctx).Should(And(
			Satisfy(apierrors.IsForbidden),
			MatchError(ContainSubstring("kubectl label namespace "+outside.Name+" webhosting.timebertt.dev/project=true")),
		))

		outside.Labels["webhosting.timebertt.dev/project"] = "true"
		Expect(admin.Update(ctx, outside)).To(Succeed())
		Eventually(create).WithContext(ctx).Should(Succeed())
	})
})
