// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	"context"
	"os"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var _ = Describe("Overlay", func() {
	DescribeTable("is accepted by the API server, its pods by the restricted Pod Security Standard",
		func(ctx context.Context, folder string) {
			install(ctx, folder)

			deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "webhosting-operator", Namespace: namespace}}
			Expect(admin.Get(ctx, client.ObjectKeyFromObject(deployment), deployment)).To(Succeed())
			Expect(createPodOf(ctx, deployment)).To(Succeed())

			By("refusing a pod that is not restricted, to see that the standard is enforced")
			deployment.Spec.Template.Spec.SecurityContext = nil
			Expect(createPodOf(ctx, deployment)).To(MatchError(ContainSubstring("violates PodSecurity")))
		},
		Entry("singleton", "overlays/singleton"),
		Entry("sharded", "overlays/sharded"),
		Entry("sharded, with the sharder apart", dedicated),
	)
})

// dedicated is the overlay for which the sharder has to be installed before.
const dedicated = "overlays/sharded-dedicated"

// install applies the overlay and what it needs.
func install(ctx context.Context, overlay string) {
	GinkgoHelper()
	if overlay == dedicated {
		apply(ctx, "../../config/default")
	}
	apply(ctx, overlay)
}

// apply applies a folder below config as a user would, and fails the spec on a warning.
func apply(ctx context.Context, folder string) {
	GinkgoHelper()
	rendered, err := render(ctx, folder)
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(file, kubeconfig, 0o600)).To(Succeed())

	var stderr string
	Eventually(func() error {
		_, stderr, err = kubectl(ctx, []byte(rendered), "--kubeconfig", file, "apply", "--server-side", "-f", "-")
		return err
	}).Should(Or(Succeed(), Not(MatchError(ContainSubstring("no matches for kind")))), "it takes a moment until kinds are known")
	Expect(err).NotTo(HaveOccurred())
	Expect(stderr).To(BeEmpty())
}

// createPodOf has the API server admit a pod of the deployment, but not keep it.
func createPodOf(ctx context.Context, deployment *appsv1.Deployment) error {
	return admin.Create(ctx, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{GenerateName: deployment.Name + "-", Namespace: deployment.Namespace},
		Spec:       *deployment.Spec.Template.Spec.DeepCopy(),
	}, client.DryRunAll)
}
