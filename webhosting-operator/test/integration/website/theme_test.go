// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

var _ = Describe("A theme", func() {
	var (
		namespace string
		operator  *operator
		theme     *v1alpha1.Theme
	)

	BeforeEach(func(ctx context.Context) {
		namespace = newNamespace(ctx)
		operator = startOperator(namespace, patient)
		theme = newTheme(ctx, "theme-")
	})

	It("changes the pages of all its websites, and rolls their pods", func(ctx context.Context) {
		var sites []*v1alpha1.Website
		var before []children
		for _, name := range []string{"a", "b", "c"} {
			site := readyWebsite(ctx, namespace, name, theme.Name)
			sites, before = append(sites, site), append(before, childrenOf(ctx, site))
		}
		other := readyWebsite(ctx, namespace, "other", newTheme(ctx, "other-").Name)
		untouched := childrenOf(ctx, other)
		operator.reset()

		theme.Spec.Color = "#abcdef"
		Expect(api.Update(ctx, theme)).To(Succeed())

		for i, site := range sites {
			Eventually(ctx, func(ctx context.Context) string {
				return childrenOf(ctx, site).configMap.Data["index.html"]
			}).Should(And(ContainSubstring("#abcdef"), Not(ContainSubstring("teal"))))
			Eventually(ctx, func(ctx context.Context) any {
				return childrenOf(ctx, site).deployment.Spec.Template.Annotations
			}).ShouldNot(Equal(before[i].deployment.Spec.Template.Annotations))
			rollOut(ctx, site)
		}
		Consistently(ctx, status(sites[0])).Should(Equal("Ready Available"))
		Expect(childrenOf(ctx, other)).To(Equal(untouched))
		Eventually(operator.writes).Should(HaveLen(2 * len(sites)))
	})

	It("may be exchanged for another one", func(ctx context.Context) {
		site := readyWebsite(ctx, namespace, "blog", theme.Name)
		other := newTheme(ctx, "other-")
		other.Spec.Color = "#123456"
		Expect(api.Update(ctx, other)).To(Succeed())

		Expect(api.Get(ctx, client.ObjectKeyFromObject(site), site)).To(Succeed())
		site.Spec.Theme = other.Name
		Expect(api.Update(ctx, site)).To(Succeed())
		Eventually(ctx, func(ctx context.Context) string {
			return childrenOf(ctx, site).configMap.Data["index.html"]
		}).Should(ContainSubstring("#123456"))
		rollOut(ctx, site)
		Eventually(ctx, status(site)).Should(Equal("Ready Available"))
	})

	It("that does not exist is named in the status and in an event, once, until it appears", func(ctx context.Context) {
		name := theme.Name + "-missing"
		site := newWebsite(ctx, namespace, "blog", name)
		Eventually(ctx, status(site)).Should(Equal("Error ThemeNotFound"))
		Expect(readyMessage(ctx, site)).To(And(ContainSubstring(name), ContainSubstring("create it")))
		Eventually(ctx, events(namespace)).Should(ConsistOf("Warning ThemeNotFound " + readyMessage(ctx, site)))
		Eventually(operator.writes).Should(HaveLen(2))
		Consistently(operator.writes).Should(ConsistOf("PATCH websites/status OK", "POST events Created"))
		Expect(operator.errors.count.Load()).To(BeZero())

		By("creating the theme")
		Expect(api.Create(ctx, &v1alpha1.Theme{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: theme.Spec})).To(Succeed())
		childrenOf(ctx, site)
		rollOut(ctx, site)
		Eventually(ctx, status(site)).Should(Equal("Ready Available"))
		Eventually(ctx, events(namespace)).Should(ContainElement(HavePrefix("Normal Available")))
	})

	It("that is deleted leaves its pages in place", func(ctx context.Context) {
		site := readyWebsite(ctx, namespace, "blog", theme.Name)
		before := childrenOf(ctx, site)
		operator.reset()

		Expect(api.Delete(ctx, theme)).To(Succeed())
		Eventually(ctx, status(site)).Should(Equal("Error ThemeNotFound"))
		Expect(childrenOf(ctx, site)).To(Equal(before))

		By("creating it again")
		Expect(api.Create(ctx, &v1alpha1.Theme{ObjectMeta: metav1.ObjectMeta{Name: theme.Name}, Spec: theme.Spec})).To(Succeed())
		Eventually(ctx, status(site)).Should(Equal("Ready Available"))
		Expect(childrenOf(ctx, site)).To(Equal(before))
	})
})

func readyMessage(ctx context.Context, site *v1alpha1.Website) string {
	GinkgoHelper()
	Expect(api.Get(ctx, client.ObjectKeyFromObject(site), site)).To(Succeed())
	return meta.FindStatusCondition(site.Status.Conditions, "Ready").Message
}

// events returns a function that reads the events of a namespace.
func events(namespace string) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		list := &eventsv1.EventList{}
		err := api.List(ctx, list, client.InNamespace(namespace))
		var short []string
		for _, event := range list.Items {
			short = append(short, event.Type+" "+event.Reason+" "+event.Note)
		}
		return short, err
	}
}
