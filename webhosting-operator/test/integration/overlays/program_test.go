// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	"context"
	"crypto/tls"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/test/freeport"
)

var _ = Describe("Program", func() {
	DescribeTable("runs as the ServiceAccount of the overlay with the overlay's configuration",
		func(ctx context.Context, folder string, wantLeases []string, wantShard map[string]string) {
			install(ctx, folder)
			apply(ctx, "samples")
			DeferCleanup(deleteSamples)
			metrics, health := freeport.Address(), freeport.Address()
			session := startProgram(ctx, "--config", filepath.Join(config, folder, "config.yaml"),
				"--shard-name", "shard-1", "--metrics-bind-address", metrics, "--health-probe-bind-address", health)

			By("being alive and ready")
			Eventually(get).WithArguments(ctx, "http://"+health+"/healthz", "").Should(Equal(http.StatusOK))
			Eventually(get).WithArguments(ctx, "http://"+health+"/readyz", "").Should(Equal(http.StatusOK))

			By("reconciling the samples")
			if folder == dedicated { // no sharder runs here
				assignWebsites(ctx, "shard-1")
			}
			Eventually(websitesInPhase).WithArguments(ctx, v1alpha1.PhasePending).Should(Equal(13))
			deployments := &appsv1.DeploymentList{}
			Expect(admin.List(ctx, deployments, client.InNamespace("project-garden"))).To(Succeed())
			Expect(deployments.Items).To(HaveLen(7))

			By("sharing the work as the overlay says")
			Expect(slices.Sorted(maps.Keys(holders(ctx)))).To(Equal(wantLeases))
			for _, deployment := range deployments.Items {
				Expect(shardLabels(&deployment)).To(Equal(wantShard))
				Expect(shardLabels(owner(ctx, &deployment))).To(Equal(wantShard))
			}

			By("creating pods that a restricted namespace admits")
			Expect(createPodOf(ctx, &deployments.Items[0])).To(Succeed())

			By("serving metrics to those who may read them, and to nobody else")
			Eventually(get).WithArguments(ctx, "https://"+metrics+"/metrics", "").Should(Equal(http.StatusUnauthorized))
			Expect(get(ctx, "https://"+metrics+"/metrics", serviceAccountToken(ctx, namespace, "stranger"))).To(Equal(http.StatusForbidden))
			bindClusterRole(ctx, "webhosting-operator-metrics-reader", "monitoring")
			// The program remembers a refusal for a while, so it must not ask before the API server knows of the binding.
			Eventually(mayScrape).WithArguments(ctx, "monitoring").Should(BeTrue())
			Expect(get(ctx, "https://"+metrics+"/metrics", serviceAccountToken(ctx, namespace, "monitoring"))).To(Equal(http.StatusOK))

			By("logging no error") // While it ends, the manager takes even the leases that it releases for errors.
			Expect(errorsLogged(session)).To(BeEmpty())

			By("releasing every lease when it is told to stop")
			session.Signal(syscall.SIGTERM)
			Eventually(session).Should(gexec.Exit(0))
			Expect(holders(ctx)).To(BeEmpty())
			Expect(session.Err.Contents()).NotTo(ContainSubstring("forbidden"))
		},
		Entry("singleton", "overlays/singleton", []string{"webhosting-operator"}, map[string]string{}),
		Entry("sharded", "overlays/sharded", []string{"shard-1", "webhosting-operator"}, map[string]string{
			"shard.alpha.sharding.timebertt.dev/webhosting-operator": "shard-1",
		}),
		Entry("sharded, with the sharder apart", dedicated, []string{"shard-1"}, map[string]string{
			"shard.alpha.sharding.timebertt.dev/webhosting-operator": "shard-1",
		}),
	)
})

// errorsLogged returns the lines of the log that tell an error.
func errorsLogged(session *gexec.Session) []string {
	lines := slices.Collect(strings.Lines(string(session.Err.Contents())))
	return slices.DeleteFunc(lines, func(line string) bool { return !strings.Contains(line, `"level":"error"`) })
}

// startProgram runs the operator with the permissions of its ServiceAccount and no others.
func startProgram(ctx context.Context, args ...string) *gexec.Session {
	GinkgoHelper()
	return startAs(ctx, namespace, "webhosting-operator", program, args...)
}

// startAs runs a program as a ServiceAccount.
func startAs(ctx context.Context, namespace, account, program string, args ...string) *gexec.Session {
	GinkgoHelper()
	kubeconfig := clientcmdapi.NewConfig()
	kubeconfig.Clusters["test"] = &clientcmdapi.Cluster{Server: restConfig.Host, CertificateAuthorityData: restConfig.CAData}
	kubeconfig.AuthInfos["test"] = &clientcmdapi.AuthInfo{Token: serviceAccountToken(ctx, namespace, account)}
	kubeconfig.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "test"}
	kubeconfig.CurrentContext = "test"
	content, err := clientcmd.Write(*kubeconfig)
	Expect(err).NotTo(HaveOccurred())

	session, err := gexec.Start(exec.Command(program, append(args, "--kubeconfig", writeFile("kubeconfig", string(content)))...), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { session.Kill().Wait() })
	return session
}

func writeFile(name, content string) string {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), name)
	Expect(os.WriteFile(file, []byte(content), 0o600)).To(Succeed())
	return file
}

// serviceAccountToken returns a token of a ServiceAccount, which is created if need be.
func serviceAccountToken(ctx context.Context, namespace, name string) string {
	GinkgoHelper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}}
	Expect(client.IgnoreAlreadyExists(admin.Create(ctx, account))).To(Succeed())
	request := &authenticationv1.TokenRequest{}
	Expect(admin.SubResource("token").Create(ctx, account, request)).To(Succeed())
	return request.Status.Token
}

// deleteSamples leaves the namespaces, since nothing here ever finishes their deletion.
func deleteSamples(ctx context.Context) {
	GinkgoHelper()
	for _, project := range []string{"project-garden", "project-museum"} {
		for _, kind := range append(website.ControlledKinds(), &v1alpha1.Website{}) {
			Expect(admin.DeleteAllOf(ctx, kind, client.InNamespace(project))).To(Succeed())
		}
	}
}

// assignWebsites does what a sharder would do.
func assignWebsites(ctx context.Context, shard string) {
	GinkgoHelper()
	websites := &v1alpha1.WebsiteList{}
	Expect(admin.List(ctx, websites)).To(Succeed())
	for _, item := range websites.Items {
		before := item.DeepCopy()
		metav1.SetMetaDataLabel(&item.ObjectMeta, "shard.alpha.sharding.timebertt.dev/webhosting-operator", shard)
		Expect(admin.Patch(ctx, &item, client.MergeFrom(before))).To(Succeed())
	}
}

func bindClusterRole(ctx context.Context, role, account string) {
	GinkgoHelper()
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: account, Namespace: namespace}},
	}
	Expect(admin.Create(ctx, binding)).To(Succeed())
	DeferCleanup(func(ctx context.Context) { Expect(admin.Delete(ctx, binding)).To(Succeed()) })
}

// mayScrape asks the API server whether a ServiceAccount may read metrics.
func mayScrape(ctx context.Context, account string) (bool, error) {
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User:                  "system:serviceaccount:" + namespace + ":" + account,
		NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: "/metrics", Verb: "get"},
	}}
	err := admin.Create(ctx, review)
	return review.Status.Allowed, err
}

func websitesInPhase(ctx context.Context, phase v1alpha1.WebsitePhase) (int, error) {
	websites := &v1alpha1.WebsiteList{}
	if err := admin.List(ctx, websites); err != nil {
		return 0, err
	}
	count := 0
	for _, item := range websites.Items {
		if item.Status.Phase == phase {
			count++
		}
	}
	return count, nil
}

// owner returns the website that the deployment belongs to.
func owner(ctx context.Context, deployment *appsv1.Deployment) *v1alpha1.Website {
	GinkgoHelper()
	found := &v1alpha1.Website{}
	key := client.ObjectKey{Namespace: deployment.Namespace, Name: metav1.GetControllerOf(deployment).Name}
	Expect(admin.Get(ctx, key, found)).To(Succeed())
	return found
}

// shardLabels returns the labels of an object that sharding is about.
func shardLabels(object client.Object) map[string]string {
	labels := maps.Clone(object.GetLabels())
	maps.DeleteFunc(labels, func(key, _ string) bool { return !strings.Contains(key, "sharding.timebertt.dev/") })
	if labels == nil {
		return map[string]string{}
	}
	return labels
}

// holders returns the holder of each lease in the operator's namespace that has one.
func holders(ctx context.Context) map[string]string {
	GinkgoHelper()
	leases := &coordinationv1.LeaseList{}
	Expect(admin.List(ctx, leases, client.InNamespace(namespace))).To(Succeed())
	held := map[string]string{}
	for _, lease := range leases.Items {
		if holder := lease.Spec.HolderIdentity; holder != nil && *holder != "" {
			held[lease.Name] = *holder
		}
	}
	return held
}

// get returns the status code of a request with the token, if there is one.
func get(ctx context.Context, url, token string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	httpClient := &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}, // self-signed
	}
	response, err := httpClient.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}
