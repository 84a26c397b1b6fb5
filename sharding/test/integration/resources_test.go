// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

var _ = Describe("Resources", func() {
	It("work on when another one is forbidden or not served, and heal", func() {
		r := newTestRing()
		r.create(3)
		r.announce("shard-a")
		allow := func(group, resource string) {
			GinkgoHelper()
			role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: r.namespace + "-" + resource}, Rules: []rbacv1.PolicyRule{{
				APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{"get", "list", "watch", "patch", "update"},
			}}}
			binding := &rbacv1.ClusterRoleBinding{
				ObjectMeta: role.ObjectMeta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role.Name},
				Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: r.namespace}},
			}
			for _, object := range []client.Object{role, binding} {
				Expect(apiServer.Create(inContext(), object)).To(Succeed())
				DeferCleanup(apiServer.Delete, object)
			}
		}
		allow("coordination.k8s.io", "leases")
		allow("apps", "deployments")
		set := &appsv1.StatefulSet{
			ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: "set"},
			Spec: appsv1.StatefulSetSpec{
				Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "test"}}, ServiceName: "test",
			},
		}
		set.Spec.Template.Labels = map[string]string{"app": "test"}
		set.Spec.Template.Spec.Containers = r.deployments(Default)[0].Spec.Template.Spec.Containers
		Expect(apiServer.Create(inContext(), set)).To(Succeed())
		DeferCleanup(apiServer.Delete, set)

		config := rest.CopyConfig(restConfig)
		config.Impersonate.UserName = r.namespace
		ring := startDedicated(config).lead(scope.Scope{Ring: r.Name, Resources: []scope.Resource{
			{Kind: appsv1.SchemeGroupVersion.WithKind("StatefulSet")},
			{Kind: deployments},
			{Kind: schema.GroupVersionKind{Group: "example.com", Version: "v1", Kind: "Unheard"}},
		}})
		Eventually(func(g Gomega) { g.Expect(r.owners(g)).To(HaveEach("shard-a")) }).Should(Succeed())
		Eventually(ring.kindsWithProblems).Should(ConsistOf("StatefulSet", "Unheard"))

		allow("apps", "statefulsets")
		Eventually(ring.kindsWithProblems, "60s").Should(ConsistOf("Unheard"))
		Eventually(func(g Gomega) {
			g.Expect(apiServer.Get(inContext(), client.ObjectKeyFromObject(set), set)).To(Succeed())
			g.Expect(set.Labels).To(HaveKeyWithValue("shard.alpha.sharding.timebertt.dev/"+r.Name, "shard-a"))
		}).Should(Succeed())
		r.release("shard-a")
		r.announce("shard-b")
		Eventually(func(g Gomega) { g.Expect(r.owners(g)).To(HaveEach("shard-b")) }).Should(Succeed(), "walks work, too")
	})
})
