// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"cmp"
	"context"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// served looks at the pages of all sample websites.
func served(mode string) {
	It("serves each website with its name, in the colour and font of its theme, "+mode, func(ctx context.Context) {
		inMode(ctx, mode)
		expectPages(ctx)
		expectOperatorWorks(ctx)
	}, SpecTimeout(specTimeout))
}

// shown looks at websites as their visitors do, in any mode.
func shown() {
	It("reaches each website through its Ingress, and not at its neighbour's path", func(ctx context.Context) {
		inMode(ctx, cmp.Or(deployed, sharded))
		base := ingressURL(ctx)
		websites, err := samples(ctx)
		Expect(err).NotTo(HaveOccurred())
		for _, site := range websites {
			status, html, err := fetch(ctx, base+"/"+site.Namespace+"/"+site.Name)
			Expect(err).NotTo(HaveOccurred())
			Expect(status).To(Equal(http.StatusOK))
			Expect(lookOf(html)).To(Equal(wantedLook(&site)))
		}
		_, html, err := fetch(ctx, base+"/project-garden/pottery") // which is in the museum
		Expect(err).NotTo(HaveOccurred())
		Expect(lookOf(html)).To(BeZero())
	}, SpecTimeout(specTimeout))

	// A busy machine may take its time once, but not each time.
	It("shows a change of a theme within 10 s", func(ctx context.Context) {
		inMode(ctx, cmp.Or(deployed, sharded))
		theme := &v1alpha1.Theme{ObjectMeta: metav1.ObjectMeta{Name: "lagoon"}}
		change := func(ctx context.Context, color, font string) {
			GinkgoHelper()
			Expect(admin.Get(ctx, client.ObjectKeyFromObject(theme), theme)).To(Succeed())
			theme.Spec.Color, theme.Spec.FontFamily = color, font
			Expect(admin.Update(ctx, theme)).To(Succeed())
		}
		Expect(admin.Get(ctx, client.ObjectKeyFromObject(theme), theme)).To(Succeed())
		before := theme.Spec
		DeferCleanup(func(ctx context.Context) {
			change(ctx, before.Color, before.FontFamily)
			Eventually(ctx, allShow).WithArguments("lagoon", "#008080", "Georgia").Should(BeTrue())
			expectSettled(ctx)
		}, NodeTimeout(2*time.Minute))

		var took []time.Duration
		for _, color := range []string{"#dc143c", "#6b8e23", "#4682b4"} {
			begin := time.Now()
			change(ctx, color, "Verdana, sans-serif")
			Eventually(ctx, allShow).WithArguments("lagoon", color, "Verdana").Should(BeTrue())
			took = append(took, time.Since(begin))
			note("change of a theme until all of its websites show it", "%s", seconds(begin))
			if took[len(took)-1] < 10*time.Second {
				break
			}
			expectSettled(ctx)
		}
		Expect(took).To(ContainElement(BeNumerically("<", 10*time.Second)))
	}, SpecTimeout(specTimeout))

	It("is drawn by a browser in the colour of its theme", func(ctx context.Context) {
		inMode(ctx, cmp.Or(deployed, sharded))
		expectDrawn(ctx, ingressURL(ctx)+"/project-garden/roses", "#1b1f3b")
	}, SpecTimeout(specTimeout))
}

// allShow reports whether all websites with the theme serve pages of the colour and font.
func allShow(ctx context.Context, theme, color, font string) (bool, error) {
	websites, err := samples(ctx)
	if err != nil {
		return false, err
	}
	for _, site := range websites {
		if site.Spec.Theme != theme {
			continue
		}
		html, err := visit(ctx, &site, "/")
		if err != nil {
			return false, err
		}
		if got := lookOf(html); got.color != color || got.font != font {
			return false, nil
		}
	}
	return true, nil
}

// visitor is what the names of websites begin with that are made and removed meanwhile.
const visitor = "visitor-"

// expectOperatorWorks has a website made, served and removed.
func expectOperatorWorks(ctx context.Context) {
	GinkgoHelper()
	site := &v1alpha1.Website{
		ObjectMeta: metav1.ObjectMeta{Namespace: projects[0], GenerateName: visitor},
		Spec:       v1alpha1.WebsiteSpec{Theme: "lemon"},
	}
	begin := time.Now()
	Expect(admin.Create(ctx, site)).To(Succeed())
	DeferCleanup(func(ctx context.Context) { Expect(client.IgnoreNotFound(admin.Delete(ctx, site))).To(Succeed()) })
	Eventually(ctx, func(g Gomega) {
		html, err := visit(ctx, site, "/")
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(lookOf(html)).To(Equal(wantedLook(site)))
	}).Should(Succeed())
	note("a new website until it is served", "%s", seconds(begin))
	Expect(admin.Delete(ctx, site)).To(Succeed())
	Eventually(ctx, func() error { return admin.Get(ctx, client.ObjectKeyFromObject(site), site) }).Should(MatchError(ContainSubstring("not found")))
}
