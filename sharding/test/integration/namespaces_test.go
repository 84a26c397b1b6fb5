// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

func selectTeam(team string) labels.Selector { return labels.SelectorFromSet(labels.Set{"team": team}) }

var _ = Describe("Namespaces", func() {
	var r *testRing

	// label says which team a namespace belongs to.
	label := func(name, team string) {
		GinkgoHelper()
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		patch := fmt.Appendf(nil, `{"metadata":{"labels":{"team":%q}}}`, team)
		Expect(apiServer.Patch(inContext(), namespace, client.RawPatch("application/merge-patch+json", patch))).To(Succeed())
	}

	BeforeEach(func() {
		r = newTestRing()
		r.create(6)
		r.announce("shard-a")
	})

	It("are sharded as long as they are selected", func() {
		selecting, all := newTestRing(), r // the one ring selects, the other one shows when a sharder has looked
		selecting.announce("shard-a")
		sharded := &testRing{Ring: selecting.Ring, namespace: r.namespace}
		owners := sharded.owners
		seenByOthers := func() {
			GinkgoHelper()
			Eventually(func(g Gomega) { g.Expect(all.owners(g)).To(HaveEach("shard-a")) }).Should(Succeed())
		}
		d := startDedicated(restConfig)
		d.lead(all.scope())
		selected := selecting.scope()
		selected.Namespaces = selectTeam("cats")
		d.lead(selected)
		seenByOthers()
		Consistently(func(g Gomega) { g.Expect(owners(g)).To(HaveEach("")) }, "300ms").Should(Succeed())

		label(r.namespace, "cats")
		Eventually(func(g Gomega) { g.Expect(owners(g)).To(HaveEach("shard-a")) }).Should(Succeed())

		By("selecting it no more")
		label(r.namespace, "dogs")
		label(selecting.namespace, "cats")
		selecting.create(1)
		Eventually(func(g Gomega) { g.Expect(selecting.owners(g)).To(HaveEach("shard-a")) }).Should(Succeed(), "it has noticed both")
		Expect(apiServer.Delete(inContext(), &r.deployments(Default)[0])).To(Succeed())
		r.create(1)
		seenByOthers()
		Consistently(func(g Gomega) {
			g.Expect(owners(g)).To(And(HaveKeyWithValue("object-0", ""), HaveKeyWithValue("object-1", "shard-a")))
		}, "300ms").Should(Succeed(), "what is new is not assigned, what is assigned stays where it is")

		selecting.announce("shard-b")
		Consistently(sharded.draining, "1s").Should(BeEmpty(), "nor is it drained")
		selecting.release("shard-a")
		Eventually(func(g Gomega) {
			g.Expect(owners(g)).To(And(HaveKeyWithValue("object-0", ""), HaveKeyWithValue("object-1", "shard-b")))
		}).Should(Succeed(), "but somebody has to work on it")

		label(r.namespace, "cats")
		Eventually(func(g Gomega) { g.Expect(owners(g)).To(HaveEach("shard-b")) }).Should(Succeed())
	})

	It("do not matter to cluster-scoped objects", func() {
		class := &schedulingv1.PriorityClass{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}, Value: 5}
		Expect(apiServer.Create(inContext(), class)).To(Succeed())
		DeferCleanup(apiServer.Delete, class)
		startDedicated(restConfig).lead(scope.Scope{
			Ring: r.Name, Namespaces: selectTeam("nobody"),
			Resources: []scope.Resource{{Kind: schedulingv1.SchemeGroupVersion.WithKind("PriorityClass")}},
		})
		owner := func(g Gomega) string {
			g.Expect(apiServer.Get(inContext(), client.ObjectKeyFromObject(class), class)).To(Succeed())
			return class.Labels["shard.alpha.sharding.timebertt.dev/"+r.Name]
		}
		Eventually(owner).Should(Equal("shard-a"))
		r.announce("shard-b")
		r.release("shard-a")
		Eventually(owner).Should(Equal("shard-b"))
	})
})
