// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/test/freeport"
)

const (
	guarded = "../test/integration/overlays/testdata/sharded-guarded"

	sharderNamespace = "sharding-system"
	shardLabel       = "shard.alpha.sharding.timebertt.dev/webhosting-operator"
	drainLabel       = "drain.alpha.sharding.timebertt.dev/webhosting-operator"
)

// The policies are in the way of all who change labels of rings. Sharder and shards may not be among these, whatever they
// do, and users must be.
var _ = Describe("Under the policies that guard the labels", func() {
	DescribeTable("nothing that the overlay's programs ask for is refused",
		func(ctx context.Context, overlay string, startSharder func(context.Context)) {
			if overlay == guarded {
				apply(ctx, "../../config/policy")
			}
			install(ctx, overlay)
			apply(ctx, "samples")
			DeferCleanup(deleteSamples)
			untilGuarded(ctx)
			since := auditLogLength()

			settled := func(shards ...string) {
				GinkgoHelper()
				Eventually(func(g Gomega) { expectSettled(ctx, g, shards...) }).Should(Succeed())
			}

			By("creating websites")
			startSharder(ctx)
			start := func(name string) *gexec.Session {
				session := startProgram(ctx, "--config", filepath.Join(config, strings.Replace(overlay, guarded, "overlays/sharded", 1), "config.yaml"),
					"--shard-name", name, "--metrics-bind-address", "0", "--health-probe-bind-address", "0")
				DeferCleanup(func() { Eventually(session.Terminate()).Should(gexec.Exit(0)) }) // so that it leaves no lease
				return session
			}
			start("shard-1")
			leaving := start("shard-2")
			settled("shard-1", "shard-2")

			By("changing a theme")
			theme := &v1alpha1.Theme{ObjectMeta: metav1.ObjectMeta{GenerateName: "theme-"}, Spec: v1alpha1.ThemeSpec{Color: "teal", FontFamily: "serif"}}
			Expect(admin.Create(ctx, theme)).To(Succeed())
			DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, theme)).To(Succeed()) })
			for _, name := range []string{"orchard", "herbs"} {
				patch(ctx, &v1alpha1.Website{}, "project-garden", name, `{"spec":{"theme":"`+theme.Name+`"}}`)
			}
			patch(ctx, theme, "", theme.Name, `{"spec":{"color":"#123456"}}`)
			Eventually(configMapsWith).WithArguments(ctx, "#123456").Should(Equal(2))

			By("changing and deleting what the operator made")
			deployment := deploymentsOf(ctx, Default, "project-garden")[0]
			patch(ctx, &appsv1.Deployment{}, deployment.Namespace, deployment.Name, `{"metadata":{"labels":null},"spec":{"revisionHistoryLimit":7}}`)
			Expect(admin.Delete(ctx, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: deployment.Namespace, Name: deployment.Name}})).To(Succeed())
			Eventually(func(g Gomega) {
				g.Expect(deploymentsOf(ctx, g, "project-garden")).To(ContainElement(And(
					HaveField("Name", deployment.Name), HaveField("Spec.RevisionHistoryLimit", deployment.Spec.RevisionHistoryLimit), HaveField("Labels", deployment.Labels))))
				g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(&deployment), &corev1.Service{})).To(Succeed())
			}).Should(Succeed())

			By("letting a shard join, and another one leave")
			start("shard-3")
			settled("shard-1", "shard-2", "shard-3")
			leaving.Signal(syscall.SIGTERM)
			Eventually(leaving).Should(gexec.Exit(0))
			settled("shard-1", "shard-3")

			answers := answersTo(namespace, "webhosting-operator", since)
			Expect(len(answers)).To(BeNumerically(">", 100))
			Expect(refused(answers)).To(BeEmpty())
			if overlay == dedicated {
				answers := answersTo(sharderNamespace, "sharder", since)
				Expect(len(answers)).To(BeNumerically(">", 10))
				Expect(refused(answers)).To(BeEmpty())
			}
		},
		Entry("with the sharder in the operator", guarded, func(context.Context) {}),
		Entry("with the sharder apart", dedicated, startDedicatedSharder),
	)
})

// untilGuarded waits until the API server refuses what the policies are there for, and checks that the log tells of it.
func untilGuarded(ctx context.Context) {
	GinkgoHelper()
	since := auditLogLength()
	bindClusterRole(ctx, "webhosting-operator-website-editor-role", "editor")
	user := rest.AnonymousClientConfig(restConfig)
	user.BearerToken = serviceAccountToken(ctx, namespace, "editor")
	editor, err := client.New(user, client.Options{Scheme: admin.Scheme()})
	Expect(err).NotTo(HaveOccurred())
	Eventually(func() error {
		site := &v1alpha1.Website{ObjectMeta: metav1.ObjectMeta{Namespace: "project-garden", Name: "orchard"}}
		patch := client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"labels":{"`+shardLabel+`":"mine"}}}`))
		return editor.Patch(ctx, site, patch, client.DryRunAll)
	}).Should(And(Satisfy(apierrors.IsForbidden), MatchError(ContainSubstring("may not change "+shardLabel))))
	Expect(refused(answersTo(namespace, "editor", since))).NotTo(BeEmpty())
}

// startDedicatedSharder runs the sharder as its ServiceAccount, and has the API server ask it.
func startDedicatedSharder(ctx context.Context) {
	GinkgoHelper()
	aggregateToSharder(ctx)
	binary, err := gexec.Build("github.com/timebertt/kubernetes-controller-sharding/sharding/cmd/sharder")
	Expect(err).NotTo(HaveOccurred())
	webhook := freeport.Address()
	file := writeFile("config.yaml", fmt.Sprintf(`
apiVersion: config.sharding.timebertt.dev/v1alpha1
kind: SharderConfig
webhook: {bindAddress: "%s", url: "https://%s"}
health: {bindAddress: "0"}
metrics: {bindAddress: "0"}
`, webhook, webhook))
	startAs(ctx, sharderNamespace, "sharder", binary, "--config", file)
}

// aggregateToSharder does what the controller manager would do: it gives the sharder what the ring's role allows.
func aggregateToSharder(ctx context.Context) {
	GinkgoHelper()
	parts := &rbacv1.ClusterRoleList{}
	Expect(admin.List(ctx, parts, client.MatchingLabels{"sharding.timebertt.dev/aggregate-to-sharder": "true"})).To(Succeed())
	Expect(parts.Items).NotTo(BeEmpty())
	role := &rbacv1.ClusterRole{}
	Expect(admin.Get(ctx, client.ObjectKey{Name: "sharder-rings"}, role)).To(Succeed())
	for _, part := range parts.Items {
		role.Rules = append(role.Rules, part.Rules...)
	}
	Expect(admin.Update(ctx, role)).To(Succeed())
}

// expectSettled checks that each website is on its shard, and what it controls labelled by that shard.
func expectSettled(ctx context.Context, g Gomega, shards ...string) {
	wanted := ring.New(shards...)
	websites := &v1alpha1.WebsiteList{}
	g.Expect(admin.List(ctx, websites)).To(Succeed())
	g.Expect(websites.Items).NotTo(BeEmpty())
	for _, site := range websites.Items {
		shard := wanted.Lookup("webhosting.timebertt.dev/Website/" + site.Namespace + "/" + site.Name)
		g.Expect(site.Labels).To(And(HaveKeyWithValue(shardLabel, shard), Not(HaveKey(drainLabel))), site.Name)
		for _, child := range website.ControlledKinds() {
			g.Expect(admin.Get(ctx, client.ObjectKey{Namespace: site.Namespace, Name: website.ServerName(&site)}, child)).To(Succeed())
			g.Expect(child.GetLabels()).To(HaveKeyWithValue(shardLabel, shard), site.Name)
		}
	}
}

func configMapsWith(ctx context.Context, text string) (int, error) {
	configMaps := &corev1.ConfigMapList{}
	if err := admin.List(ctx, configMaps, client.InNamespace("project-garden")); err != nil {
		return 0, err
	}
	count := 0
	for _, configMap := range configMaps.Items {
		if strings.Contains(configMap.Data["index.html"], text) {
			count++
		}
	}
	return count, nil
}

func deploymentsOf(ctx context.Context, g Gomega, namespace string) []appsv1.Deployment {
	deployments := &appsv1.DeploymentList{}
	g.Expect(admin.List(ctx, deployments, client.InNamespace(namespace))).To(Succeed())
	g.Expect(deployments.Items).NotTo(BeEmpty())
	return deployments.Items
}

func patch(ctx context.Context, object client.Object, namespace, name, patch string) {
	GinkgoHelper()
	object.SetNamespace(namespace)
	object.SetName(name)
	Expect(admin.Patch(ctx, object, client.RawPatch("application/merge-patch+json", []byte(patch)))).To(Succeed())
}
