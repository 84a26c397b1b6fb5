// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

const module = "github.com/timebertt/kubernetes-controller-sharding/sharding"

var _ = Describe("The program", func() {
	It("assigns in the creating request, and leaves without a trace", func(ctx context.Context) {
		binary, err := gexec.Build(module+"/cmd/sharder", "-buildvcs=false")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(gexec.CleanupBuildArtifacts)

		namespace, system := newNamespace(ctx, nil), newNamespace(ctx, nil)
		newShard(ctx, namespace, "program", "shard-a")
		newRing(ctx, "program", "configmaps")
		webhook, health := freeAddress(), freeAddress()
		config := file("config.yaml", fmt.Sprintf(`
apiVersion: config.sharding.timebertt.dev/v1alpha1
kind: SharderConfig
namespace: %s
health: {bindAddress: "%s"}
metrics: {bindAddress: "0"}
webhook: {bindAddress: "%s", url: "https://%s"}
`, system, health, webhook, webhook))
		user, err := env.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, restConfig)
		Expect(err).NotTo(HaveOccurred())
		kubeconfig, err := user.KubeConfig()
		Expect(err).NotTo(HaveOccurred())

		session, err := gexec.Start(exec.CommandContext(context.WithoutCancel(ctx), binary, "--config", config, "--kubeconfig", file("kubeconfig", string(kubeconfig))), GinkgoWriter, GinkgoWriter)
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func() { session.Kill().Wait() })
		Eventually(func() (int, error) {
			response, err := http.Get("http://" + health + "/readyz")
			if err != nil {
				return 0, err
			}
			return response.StatusCode, response.Body.Close()
		}).Should(Equal(http.StatusOK))

		Eventually(func(g Gomega) {
			created := &corev1.ConfigMap{}
			created.Namespace = namespace
			created.Name = fmt.Sprintf("object-%d", time.Now().UnixNano()) // objects without a name are not asked about
			g.Expect(api.Create(ctx, created)).To(Succeed())
			g.Expect(created.Labels).To(HaveKeyWithValue("shard.alpha.sharding.timebertt.dev/program", "shard-a"))
		}).Should(Succeed())

		lease := &coordinationv1.Lease{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: system, Name: "sharder"}, lease)).To(Succeed())
		Expect(lease.Spec.HolderIdentity).NotTo(HaveValue(BeEmpty()))
		Eventually(session.Terminate()).Should(gexec.Exit(0))
		Expect(api.Get(ctx, client.ObjectKeyFromObject(lease), lease)).To(Succeed())
		Expect(lease.Spec.HolderIdentity).To(HaveValue(BeEmpty()))
	}, NodeTimeout(5*time.Minute))
})

func freeAddress() string {
	GinkgoHelper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	Expect(err).NotTo(HaveOccurred())
	defer listener.Close()
	return listener.Addr().String()
}

func file(name, content string) string {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), name)
	Expect(os.WriteFile(path, []byte(content), 0o600)).To(Succeed())
	return path
}
