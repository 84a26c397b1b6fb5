// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cost_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

const (
	namespace = "project"
	// atOnce bounds the requests of whoever uses the websites.
	atOnce = 16
)

// step is something that is asked of an operator for each of so many websites.
type step struct {
	name string
	do   func(context.Context, client.Client, int)
}

// life is all steps together.
const life = "all of that"

var steps = []step{
	{"creation", func(ctx context.Context, c client.Client, count int) {
		each(count, func(i int) error {
			return c.Create(ctx, &v1alpha1.Website{
				ObjectMeta: metav1.ObjectMeta{
					Namespace: namespace, Name: siteName(i), Labels: map[string]string{v1alpha1.LabelSkipWorkload: "true"},
				},
				Spec: v1alpha1.WebsiteSpec{Theme: "teal"},
			})
		})
	}},
	{"change", func(ctx context.Context, c client.Client, count int) {
		each(count, func(i int) error {
			site := &v1alpha1.Website{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: siteName(i)}}
			return c.Patch(ctx, site, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"theme":"pink"}}`)))
		})
	}},
	{"theme change", func(ctx context.Context, c client.Client, count int) {
		theme := &v1alpha1.Theme{ObjectMeta: metav1.ObjectMeta{Name: "pink"}}
		Expect(c.Patch(ctx, theme, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"color":"#ff1493"}}`)))).To(Succeed())
	}},
}

var _ = Describe("The operator", func() {
	It("takes no more than a plain one for the same", func(ctx context.Context) {
		count := 100
		if text := os.Getenv("COST_WEBSITES"); text != "" {
			var err error
			count, err = strconv.Atoi(text)
			Expect(err).NotTo(HaveOccurred())
		}
		taken := map[string]map[string]reading{}
		for _, v := range variants() {
			By(v.name)
			taken[v.name] = v.take(ctx, count)
		}
		report := table(count, taken)
		AddReportEntry("cost", report)
		fmt.Fprintln(os.Stdout, report)

		// CPU time is left out: what else the machine does shows in it.
		for _, f := range []figure{writes, requests, received, sent, allocations, allocated} {
			Expect(taken["operator"][life][f]).To(BeNumerically("<=", taken["plain"][life][f]), f)
		}
		for _, step := range steps {
			Expect(taken["operator"][step.name][writes]).To(BeNumerically("<=", taken["plain"][step.name][writes]), step.name)
		}
	})
})

// take has an operator do everything, and returns what it took for each website, by step.
func (v variant) take(ctx context.Context, count int) map[string]reading {
	GinkgoHelper()
	c, address := v.start(ctx)
	Expect(c.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}})).To(Succeed())
	for _, color := range []string{"teal", "pink"} {
		Expect(c.Create(ctx, &v1alpha1.Theme{
			ObjectMeta: metav1.ObjectMeta{Name: color}, Spec: v1alpha1.ThemeSpec{Color: color, FontFamily: "Arial"},
		})).To(Succeed())
	}
	taken := map[string]reading{}
	begin := atRest(ctx, address)
	before := begin
	for _, step := range steps {
		step.do(ctx, c, count)
		expectDone(ctx, c, count)
		after := atRest(ctx, address)
		taken[step.name] = after.since(before, count)
		before = after
	}
	taken[life] = before.since(begin, count)
	taken[life][rss] = before[rss]
	return taken
}

func siteName(i int) string { return fmt.Sprintf("site-%04d", i) }

// each does something for each website, some at a time.
func each(count int, do func(int) error) {
	GinkgoHelper()
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range count {
		group.Go(func() error { return do(i) })
	}
	Expect(group.Wait()).To(Succeed())
}

// expectDone waits until all websites are Ready, and show their theme.
func expectDone(ctx context.Context, c client.Client, count int) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		websites, pages, themes := &v1alpha1.WebsiteList{}, &corev1.ConfigMapList{}, &v1alpha1.ThemeList{}
		g.Expect(c.List(ctx, themes)).To(Succeed())
		g.Expect(c.List(ctx, websites)).To(Succeed())
		g.Expect(c.List(ctx, pages, client.InNamespace(namespace))).To(Succeed())
		colors, page := map[string]string{}, map[string]string{}
		for _, theme := range themes.Items {
			colors[theme.Name] = theme.Spec.Color
		}
		for _, configMap := range pages.Items {
			page[configMap.Name] = configMap.Data["index.html"]
		}
		g.Expect(websites.Items).To(HaveLen(count))
		for i := range websites.Items {
			site := &websites.Items[i]
			g.Expect(site.Status.Phase).To(Equal(v1alpha1.PhaseReady))
			g.Expect(site.Status.ObservedGeneration).To(Equal(site.Generation))
			g.Expect(page[website.ServerName(site)]).To(ContainSubstring(colors[site.Spec.Theme]))
		}
	}).WithPolling(500 * time.Millisecond).Should(Succeed())
}

// atRest waits until an operator reconciles nothing and asks for nothing any more, and returns what it has taken.
func atRest(ctx context.Context, address string) reading {
	GinkgoHelper()
	var last reading // so that the first two to be compared are as far apart as all others
	Eventually(func(g Gomega) {
		before := last
		last = read(ctx, address)
		for _, f := range []figure{reconciles, requests, received} {
			g.Expect(last[f]).To(Equal(before[f]))
		}
	}).WithPolling(time.Second).Should(Succeed())
	return last
}

func table(count int, taken map[string]map[string]reading) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%d websites, each:\n", count)
	writer := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := func(name string, f figure) {
		ours, plain := taken["operator"][name][f], taken["plain"][name][f]
		fmt.Fprintf(writer, "%s\t%.2f\t%.2f\t%.1f %%\t\n", f, ours, plain, 100*ours/plain)
	}
	for _, name := range []string{steps[0].name, steps[1].name, steps[2].name, life} {
		fmt.Fprintf(writer, "%s\toperator\tplain\toperator/plain\t\n", name)
		for _, f := range figures {
			row(name, f)
		}
	}
	row(life, rss)
	Expect(writer.Flush()).To(Succeed())
	return text.String()
}
