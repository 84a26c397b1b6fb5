// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package load_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

// short is a basic that takes seconds, of which each has as much to do as in the real one.
var short = []string{
	"run", "basic", "--scale", "0.01", "--seed", "1", "--interval", "200ms",
	"--set", "fill=5s", "--set", "hold=2s", "--set", "create=10", "--set", "delete=2", "--set", "changeEvery=5s",
	"--set", "changeMax=10", "--set", "changeThemeEvery=2s",
}

var _ = Describe("experiment", Serial, func() {
	var folder string

	BeforeEach(func() {
		folder = filepath.Join(GinkgoT().TempDir(), "results")
		DeferCleanup(func() { lazy.Store(false) })
	})

	It("runs basic from begin to end, and leaves a result and nothing else", func(ctx context.Context) {
		session := start(experimentProgram, append(short, "--results", folder, "--setup", "fake")...)
		awaitResult(session)

		r, err := result.Read(folder)
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Scenario).To(Equal("basic"))
		Expect(r.Setup).To(Equal("fake"))
		Expect(r.Valid).To(Equal(session.ExitCode() == 0), "%v", r.Reasons)
		Expect(r.End.Sub(r.Begin)).To(BeNumerically(">=", 7*time.Second))
		Expect(r.Phases).To(HaveExactElements(HaveField("Name", "fill"), HaveField("Name", "hold")))
		load := map[result.Operation]result.Load{}
		for _, l := range r.Load {
			load[l.Operation] = l
			Expect(l.Achieved+l.Late+l.Failed).To(Equal(l.Promised), "%s", l.Operation)
		}
		Expect(load[result.Create].Promised).To(BeNumerically("~", 50, 1))
		Expect(load[result.Delete].Promised).To(BeNumerically("~", 10, 1))
		created, deleted := load[result.Create].Achieved, load[result.Delete].Achieved
		Expect(created).To(BeNumerically(">", 0))
		Expect(load[result.Change].Achieved).To(BeNumerically(">", 0))
		Expect(load[result.ChangeTheme].Achieved).To(BeNumerically(">", 0))

		changes, changed := created+load[result.Change].Achieved, r.Latencies[result.ChangeToReady]
		Expect(changed.Count + changed.Unfinished).To(And(BeNumerically("<=", changes), BeNumerically(">", 0)))
		Expect(changed.P99).To(BeNumerically(">", 0))
		for _, measure := range []result.Measure{result.CreateToReady, result.Unassigned, result.AssignedToReconciled} {
			Expect(r.Latencies[measure].Count).To(And(BeNumerically("<=", created), BeNumerically(">", 0)), "%s", measure)
		}
		Expect(r.Websites.Total).To(BeNumerically("~", created-deleted, 3), "but for what the watch has not told yet")
		Expect(r.Websites.Ready).To(And(BeNumerically("<=", r.Websites.Total), BeNumerically(">", 0)))
		Expect(r.Websites.Shards).To(HaveLen(3))
		Expect(r.Settings).To(HaveKeyWithValue("create", "10/s"))
		Expect(r.Versions).To(HaveKey("kubernetes"))
		for _, series := range []string{"load.csv", "websites.csv", "latencies.csv", "distribution.csv"} {
			Expect(filepath.Join(folder, series)).To(BeAnExistingFile())
		}
		Expect(session.Out.Contents()).To(ContainSubstring("changeToReady"))
		expectNothingLeft(ctx)
	})

	It("says that a run is invalid whose load was not what was promised", func(ctx context.Context) {
		session := start(experimentProgram, append(short, "--results", folder, "--set", "create=0", "--set", "delete=10")...)
		Eventually(session, 3*time.Minute).Should(gexec.Exit(3))
		r, err := result.Read(folder)
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Valid).To(BeFalse())
		Expect(r.Reasons).To(ContainElement(MatchRegexp(`delete: only 0 of \d+, `)))
		Expect(r.Load[0].Promised).To(BeNumerically("~", 50, 1), "some of them before the first sample")
		Expect(r.Load[0].Error).To(ContainSubstring("there is no website"))
		Expect(session.Out.Contents()).To(ContainSubstring("INVALID"))
		expectNothingLeft(ctx)
	})

	It("tells what did not become ready", func(ctx context.Context) {
		lazy.Store(true)
		session := start(experimentProgram, append(short, "--results", folder, "-o", "json")...)
		awaitResult(session)
		r, err := result.Read(folder)
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Latencies[result.ChangeToReady].Count).To(BeZero())
		Expect(r.Latencies[result.ChangeToReady].Unfinished).To(BeNumerically(">=", r.Websites.Total))
		Expect(r.Websites.Total).To(BeNumerically(">", 0))
		Expect(r.Websites.Unassigned).To(Equal(r.Websites.Total))
		expectNothingLeft(ctx)
	})

	It("marks a run that was broken off, and cleans up", func(ctx context.Context) {
		session := start(experimentProgram, append(short, "--results", folder, "--set", "fill=10m")...)
		Eventually(func(g Gomega) {
			websites := &v1alpha1.WebsiteList{}
			g.Expect(admin.List(ctx, websites)).To(Succeed())
			g.Expect(len(websites.Items)).To(BeNumerically(">", 10))
		}).Should(Succeed())
		session.Interrupt()
		Eventually(session).Should(gexec.Exit(130))
		r, err := result.Read(folder)
		Expect(err).NotTo(HaveOccurred())
		Expect(r.Valid).To(BeFalse())
		Expect(r.Reasons).To(ContainElement(ContainSubstring("broken off")))
		expectNothingLeft(ctx)
	})

	It("leaves no result if there was no load yet", func(ctx context.Context) {
		lazy.Store(true)
		session := start(experimentProgram, "run", "reconcile", "--results", folder, "--setup-timeout", "5s",
			"--set", "websites=1", "--set", "projects=1", "--set", "themes=2") // which are made long before that
		Eventually(session, 3*time.Minute).Should(gexec.Exit(1))
		Expect(session.Err.Contents()).To(ContainSubstring("0 of 1 websites are ready"))
		Expect(folder).NotTo(BeAnExistingFile())
		Expect(os.ReadDir(filepath.Dir(folder))).To(BeEmpty())
		expectNothingLeft(ctx)
	})

	It("refuses a cluster that is not empty, unless it is told to", func(ctx context.Context) {
		foreign := &v1alpha1.Website{
			ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "foreign"}, Spec: v1alpha1.WebsiteSpec{Theme: "none"},
		}
		Expect(admin.Create(ctx, foreign)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, foreign)).To(Succeed()) })
		session := start(experimentProgram, append(short, "--results", folder)...)
		Eventually(session).Should(gexec.Exit(1))
		Expect(session.Err.Contents()).To(And(ContainSubstring("not empty"), ContainSubstring("default/foreign")))
		Expect(folder).NotTo(BeAnExistingFile())

		session = start(experimentProgram, append(short, "--results", folder, "--allow-other-websites", "--set", "fill=1s", "--set", "hold=1s")...)
		awaitResult(session)
		Expect(result.Read(folder)).To(HaveField("Websites.Total", BeNumerically("<", 11)), "it does not count those of others")
	})

	It("refuses themes and projects that are not its own", func(ctx context.Context) {
		theme := &v1alpha1.Theme{
			ObjectMeta: metav1.ObjectMeta{Name: "experiment-00"}, Spec: v1alpha1.ThemeSpec{Color: "teal", FontFamily: "Arial"},
		}
		Expect(admin.Create(ctx, theme)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, theme)).To(Succeed()) })
		session := start(experimentProgram, append(short, "--results", folder)...)
		Eventually(session).Should(gexec.Exit(1))
		Expect(session.Err.Contents()).To(ContainSubstring("Theme experiment-00 is there already"))
	})

	It("removes what an earlier run left", func(ctx context.Context) {
		keep := start(experimentProgram, append(short, "--results", folder, "--keep", "--set", "fill=1s", "--set", "hold=1s")...)
		awaitResult(keep)
		websites := &v1alpha1.WebsiteList{}
		Expect(admin.List(ctx, websites)).To(Succeed())
		Expect(websites.Items).NotTo(BeEmpty())
		session := start(experimentProgram, append(short, "--results", folder+"-2", "--set", "fill=1s", "--set", "hold=1s")...)
		awaitResult(session)
		Expect(session.Err.Contents()).To(ContainSubstring("removing what an earlier run left"))
		expectNothingLeft(ctx)
	})
})

// start starts a program as the admin.
func start(program string, args ...string) *gexec.Session {
	GinkgoHelper()
	session, err := gexec.Start(exec.Command(program, append(args, "--kubeconfig", kubeconfig)...), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { session.Kill().Wait() })
	return session
}

// awaitResult waits until there is a result. Whether it is valid depends on how busy this machine is, so it may not be.
func awaitResult(session *gexec.Session) {
	GinkgoHelper()
	Eventually(session, 3*time.Minute).Should(Or(gexec.Exit(0), gexec.Exit(3)))
}

// expectNothingLeft expects that no website is left, nor what was made for them.
func expectNothingLeft(ctx context.Context) {
	GinkgoHelper()
	websites, themes, projects := &v1alpha1.WebsiteList{}, &v1alpha1.ThemeList{}, &corev1.NamespaceList{}
	Expect(admin.List(ctx, websites)).To(Succeed())
	Expect(admin.List(ctx, themes)).To(Succeed())
	Expect(admin.List(ctx, projects, client.HasLabels{"webhosting.timebertt.dev/generated-by"})).To(Succeed())
	Expect(fmt.Sprint(len(websites.Items), len(themes.Items), len(projects.Items))).To(Equal("0 0 0"))
}
