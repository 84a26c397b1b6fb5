// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

var _ = Describe("samples-generator", Serial, func() {
	run := func(args ...string) *gexec.Session {
		GinkgoHelper()
		session := start(samplesGenerator, args...)
		Eventually(session).Should(gexec.Exit())
		return session
	}

	AfterEach(func(ctx context.Context) {
		Expect(run("delete")).To(gexec.Exit(0))
		Expect(resourceVersions(ctx)).To(BeEmpty())
	})

	It("makes what was asked for, again and again the same, and deletes it and nothing else", func(ctx context.Context) {
		Expect(admin.Create(ctx, foreignTheme("somebody-elses"))).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, foreignTheme("somebody-elses"))).To(Succeed()) })

		session := run("--websites", "25", "--projects", "3", "--themes", "4", "--seed", "7", "--skip-workload")
		Expect(session).To(gexec.Exit(0))
		Expect(session.Out.Contents()).To(ContainSubstring("made: 25 websites, 3 projects and 4 themes"))
		versions := resourceVersions(ctx)
		Expect(versions).To(HaveLen(25 + 3 + 4))
		websites := &v1alpha1.WebsiteList{}
		Expect(admin.List(ctx, websites)).To(Succeed())
		for _, website := range websites.Items {
			Expect(website.Labels).To(HaveKeyWithValue("webhosting.timebertt.dev/skip-workload", "true"))
			Expect(admin.Get(ctx, client.ObjectKey{Name: website.Spec.Theme}, &v1alpha1.Theme{})).To(Succeed())
		}

		By("changing nothing the second time")
		Eventually(func(g Gomega) {
			g.Expect(admin.List(ctx, websites)).To(Succeed())
			g.Expect(websites.Items).To(HaveEach(HaveField("Status.Phase", v1alpha1.PhaseReady)))
		}).Should(Succeed(), "nobody else writes any more")
		lazy.Store(true)
		DeferCleanup(func() { lazy.Store(false) })
		versions = resourceVersions(ctx)
		Expect(run("--websites", "25", "--projects", "3", "--themes", "4", "--seed", "7", "--skip-workload")).To(gexec.Exit(0))
		Expect(resourceVersions(ctx)).To(Equal(versions))

		By("adding to it")
		Expect(run("--websites", "30", "--projects", "3", "--themes", "4", "--seed", "7", "--skip-workload")).To(gexec.Exit(0))
		Expect(resourceVersions(ctx)).To(HaveLen(30 + 3 + 4))

		By("deleting it")
		Expect(run("delete", "-o", "json").Out.Contents()).To(MatchJSON(`{"deleted": {"websites": 30, "projects": 3, "themes": 4}}`))
		Expect(resourceVersions(ctx)).To(BeEmpty())
		Expect(admin.Get(ctx, client.ObjectKey{Name: "somebody-elses"}, &v1alpha1.Theme{})).To(Succeed())
		Expect(run("delete")).To(gexec.Exit(0))
	})

	It("refuses what is somebody else's, and makes nothing", func(ctx context.Context) {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "samples-generator-01"}}
		Expect(admin.Create(ctx, namespace)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, namespace)).To(Succeed()) })
		Expect(admin.Create(ctx, foreignTheme("samples-generator-00"))).To(Succeed())
		DeferCleanup(func(ctx context.Context) {
			Expect(admin.Delete(ctx, foreignTheme("samples-generator-00"))).To(Succeed())
		})

		session := run()
		Expect(session).To(gexec.Exit(1))
		Expect(session.Err.Contents()).To(ContainSubstring(
			"Namespace samples-generator-01, Theme samples-generator-00 are there already, made by somebody else: nothing was changed"))
		Expect(resourceVersions(ctx)).To(BeEmpty())
	})
})

func foreignTheme(name string) *v1alpha1.Theme {
	return &v1alpha1.Theme{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.ThemeSpec{Color: "teal", FontFamily: "Arial"}}
}

// resourceVersions returns those of all that was generated, by kind and name.
func resourceVersions(ctx context.Context) map[string]string {
	GinkgoHelper()
	versions := map[string]string{}
	for _, list := range []client.ObjectList{&v1alpha1.WebsiteList{}, &v1alpha1.ThemeList{}, &corev1.NamespaceList{}} {
		Expect(admin.List(ctx, list, client.MatchingLabels{"webhosting.timebertt.dev/generated-by": "samples-generator"})).To(Succeed())
		switch list := list.(type) {
		case *v1alpha1.WebsiteList:
			for _, item := range list.Items {
				versions["Website "+item.Namespace+"/"+item.Name] = item.ResourceVersion
			}
		case *v1alpha1.ThemeList:
			for _, item := range list.Items {
				versions["Theme "+item.Name] = item.ResourceVersion
			}
		case *corev1.NamespaceList:
			for _, item := range list.Items {
				versions["Namespace "+item.Name] = item.ResourceVersion
			}
		}
	}
	return versions
}
