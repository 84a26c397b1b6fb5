// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

func TestAPIServer(t *testing.T) {
	g := NewWithT(t)
	environment := &envtest.Environment{}
	config, err := environment.Start()
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { g.Expect(environment.Stop()).To(Succeed()) })
	admin, err := client.New(config, client.Options{})
	g.Expect(err).NotTo(HaveOccurred())
	kubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(os.WriteFile(kubeconfig, environment.KubeConfig, 0o600)).To(Succeed())

	output, err := kubectl(t.Context(), nil, "--kubeconfig", kubeconfig, "apply", "--server-side", "-k", defaultFolder)
	g.Expect(err).NotTo(HaveOccurred(), output)
	g.Expect(output).NotTo(ContainSubstring("Warning"))

	t.Run("admits the pods under the restricted standard and the quota", func(t *testing.T) {
		g := NewWithT(t)
		// Nobody else computes it here, and without it no pod is admitted at all.
		quota := &corev1.ResourceQuota{ObjectMeta: metav1.ObjectMeta{Namespace: "sharding-system", Name: "sharder-critical-pods"}}
		g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(quota), quota)).To(Succeed())
		quota.Status = corev1.ResourceQuotaStatus{Hard: quota.Spec.Hard, Used: corev1.ResourceList{"pods": resource.MustParse("0")}}
		g.Expect(admin.Status().Update(t.Context(), quota)).To(Succeed())

		deployment := &appsv1.Deployment{}
		g.Expect(admin.Get(t.Context(), client.ObjectKey{Namespace: "sharding-system", Name: "sharder"}, deployment)).To(Succeed())
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{GenerateName: "sharder-", Namespace: "sharding-system"},
			Spec:       deployment.Spec.Template.Spec,
		}
		g.Eventually(func() error { return admin.Create(t.Context(), pod.DeepCopy(), client.DryRunAll) }, "1m", "50ms").Should(Succeed())
		pod.Spec.SecurityContext = nil
		g.Expect(admin.Create(t.Context(), pod, client.DryRunAll)).To(MatchError(ContainSubstring("violates PodSecurity")))
	})

	allowed := func(t *testing.T, question string) bool {
		g := NewWithT(t)
		review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
			User: "system:serviceaccount:sharding-system:sharder", ResourceAttributes: attributes(question),
		}}
		g.Expect(admin.Create(t.Context(), review)).To(Succeed())
		return review.Status.Allowed
	}
	g.Eventually(func() bool { // the API server learns of roles in the background
		return allowed(t, "watch sharding.timebertt.dev controllerrings") && allowed(t, "update core secrets sharder-webhook sharding-system")
	}, "1m", "50ms").Should(BeTrue())
	for question, want := range map[string]bool{
		"watch sharding.timebertt.dev controllerrings":                         true,
		"shard sharding.timebertt.dev controllerrings any":                     true,
		"update sharding.timebertt.dev controllerrings any":                    false,
		"update sharding.timebertt.dev controllerrings/status any":             true,
		"update coordination.k8s.io leases shard-1 some-namespace":             true,
		"create coordination.k8s.io leases sharder some-namespace":             false,
		"create coordination.k8s.io leases sharder sharding-system":            true,
		"update core secrets sharder-webhook sharding-system":                  true,
		"update coordination.k8s.io leases sharder sharding-system":            true,
		"get core secrets other sharding-system":                               false,
		"get core secrets sharder-webhook kube-system":                         false,
		"patch admissionregistration.k8s.io mutatingwebhookconfigurations any": true,
		"patch admissionregistration.k8s.io validatingadmissionpolicies any":   false,
		"patch webhosting.timebertt.dev websites any some-namespace":           false,
		"create authentication.k8s.io tokenreviews":                            true,
		"impersonate core users admin":                                         false,
		"patch core configmaps any some-namespace":                             false,
	} {
		t.Run("lets the sharder, or not: "+question, func(t *testing.T) {
			NewWithT(t).Expect(allowed(t, question)).To(Equal(want))
		})
	}
}

// attributes reads: verb, group, resource, and a name and a namespace where there are some.
func attributes(question string) *authorizationv1.ResourceAttributes {
	words := append(strings.Fields(question), "", "")
	kind, subresource, _ := strings.Cut(words[2], "/")
	return &authorizationv1.ResourceAttributes{
		Verb: words[0], Group: strings.TrimPrefix(words[1], "core"), Resource: kind, Subresource: subresource,
		Name: words[3], Namespace: words[4],
	}
}
