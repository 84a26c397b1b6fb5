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
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

const module = "github.com/timebertt/kubernetes-controller-sharding/sharding"

var _ = Describe("The program", func() {
	It("assigns in the creating request, and leaves without a trace", func(ctx context.Context) {
		namespace := newNamespace(ctx, nil)
		newShard(ctx, namespace, "program", "shard-a")
		newRing(ctx, "program", "configmaps")
		program := startProgram(ctx)
		program.untilAsked(ctx, namespace, "program")

		lease := &coordinationv1.Lease{}
		Expect(api.Get(ctx, client.ObjectKey{Namespace: program.namespace, Name: "sharder"}, lease)).To(Succeed())
		Expect(lease.Spec.HolderIdentity).NotTo(HaveValue(BeEmpty()))
		Eventually(program.session.Terminate()).Should(gexec.Exit(0))
		Expect(api.Get(ctx, client.ObjectKeyFromObject(lease), lease)).To(Succeed())
		Expect(lease.Spec.HolderIdentity).To(HaveValue(BeEmpty()))
	}, NodeTimeout(5*time.Minute))

	It("serves one resource in two rings, each by its own shards", func(ctx context.Context) {
		namespace := newNamespace(ctx, nil)
		newShard(ctx, namespace, "one-of-two", "shard-a")
		newShard(ctx, namespace, "other-of-two", "shard-b")
		rings := []*shardingv1alpha1.ControllerRing{newRing(ctx, "one-of-two", "configmaps"), newRing(ctx, "other-of-two", "configmaps")}
		program := startProgram(ctx)
		program.untilAsked(ctx, namespace, "one-of-two")
		program.untilAsked(ctx, namespace, "other-of-two")

		Eventually(func() map[string]string { return create(ctx, namespace).Labels }).Should(Equal(map[string]string{
			"shard.alpha.sharding.timebertt.dev/one-of-two": "shard-a", "shard.alpha.sharding.timebertt.dev/other-of-two": "shard-b",
		}))
		for _, ring := range rings {
			Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(HavePrefix("True Sharded 1/1"))
		}
	}, NodeTimeout(5*time.Minute))

	It("assigns what is in its own namespace, although nobody asks it about that", func(ctx context.Context) {
		namespace := newNamespace(ctx, nil)
		newShard(ctx, namespace, "own-namespace", "shard-a")
		newRing(ctx, "own-namespace", "configmaps", "secrets")
		program := startProgram(ctx)
		program.untilAsked(ctx, namespace, "own-namespace")

		created := create(ctx, program.namespace)
		Expect(created.Labels).To(BeEmpty())
		for _, object := range []client.Object{
			created,
			// Its own certificates are a Secret as any other.
			&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: program.namespace, Name: "sharder-webhook"}},
		} {
			Eventually(func(g Gomega) {
				g.Expect(api.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
				g.Expect(object.GetLabels()).To(HaveKeyWithValue("shard.alpha.sharding.timebertt.dev/own-namespace", "shard-a"))
			}).Should(Succeed())
		}
		Eventually(func() map[string]string { return create(ctx, namespace).Labels }).Should(HaveLen(1), "it serves as before")
	}, NodeTimeout(5*time.Minute))

	It("does not take a lease for a shard by whose name no object could be labelled", func(ctx context.Context) {
		namespace := newNamespace(ctx, nil)
		newShard(ctx, namespace, "misnamed", "shard-a")
		newShard(ctx, namespace, "misnamed", strings.Repeat("a", 100))
		ring := newRing(ctx, "misnamed", "configmaps")
		program := startProgram(ctx)
		program.untilAsked(ctx, namespace, "misnamed")

		for range 20 {
			Expect(create(ctx, namespace).Labels).To(Or(HaveKeyWithValue("shard.alpha.sharding.timebertt.dev/misnamed", "shard-a"),
				BeEmpty()), "empty if a busy machine does not answer in time")
		}
		Eventually(readiness).WithContext(ctx).WithArguments(ring).Should(And(
			HavePrefix("False InvalidShard 1/1: the lease "+namespace+"/aaa"), ContainSubstring("no more than 63"), ContainSubstring("another name")))
		Eventually(eventReasons).WithContext(ctx).WithArguments("misnamed").Should(ContainElement("InvalidShard"))
	}, NodeTimeout(5*time.Minute))

	It("lets objects of a ring pass that it does not know", func(ctx context.Context) {
		namespace := newNamespace(ctx, nil)
		newShard(ctx, namespace, "known", "shard-a")
		newRing(ctx, "known", "configmaps")
		program := startProgram(ctx)
		program.untilAsked(ctx, namespace, "known")

		configuration, err := webhooks(ctx, "known")
		Expect(err).NotTo(HaveOccurred())
		gone := &admissionregistrationv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "gone"}, Webhooks: configuration.Webhooks}
		url := strings.Replace(*gone.Webhooks[0].ClientConfig.URL, "known", "gone", 1)
		gone.Webhooks[0].ClientConfig.URL = &url
		gone.Webhooks[0].Name = "main.gone.sharding.timebertt.dev"
		gone.Webhooks[0].ObjectSelector, gone.Webhooks[0].MatchConditions = nil, nil
		gone.Webhooks[0].TimeoutSeconds = new(int32(30))
		gone.Webhooks[0].FailurePolicy = new(admissionregistrationv1.Fail) // it is the sharder that lets them pass
		Expect(api.Create(ctx, gone)).To(Succeed())
		DeferCleanup(func(ctx context.Context) { Expect(api.Delete(ctx, gone)).To(Succeed()) })
		Eventually(func(g Gomega) {
			g.Expect(create(ctx, namespace).Labels).To(Equal(map[string]string{"shard.alpha.sharding.timebertt.dev/known": "shard-a"}))
			g.Expect(string(program.session.Err.Contents())).To(And(
				ContainSubstring("Let an object pass unassigned, since there is no such ring"), ContainSubstring(`"ring":"gone"`)))
		}).Should(Succeed())
	}, NodeTimeout(5*time.Minute))
})

// sharderProgram is the sharder as a process.
type sharderProgram struct {
	session   *gexec.Session
	namespace string // its own
}

// startProgram runs the sharder until the test ends or it is told to end, and waits until it is ready.
func startProgram(ctx context.Context) *sharderProgram {
	GinkgoHelper()
	binary, err := gexec.Build(module+"/cmd/sharder", "-buildvcs=false")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(gexec.CleanupBuildArtifacts)

	system, webhook, health := newNamespace(ctx, nil), freeAddress(), freeAddress()
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
	return &sharderProgram{session: session, namespace: system}
}

// untilAsked waits until ConfigMaps are assigned in the request that creates them.
func (p *sharderProgram) untilAsked(ctx context.Context, namespace, ring string) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		g.Expect(create(ctx, namespace).Labels).To(HaveKey("shard.alpha.sharding.timebertt.dev/" + ring))
	}).Should(Succeed())
}

// create returns a new ConfigMap as the API server answered its creation.
func create(ctx context.Context, namespace string) *corev1.ConfigMap {
	GinkgoHelper()
	created := &corev1.ConfigMap{}
	created.Namespace = namespace
	created.Name = fmt.Sprintf("object-%d", time.Now().UnixNano()) // objects without a name are not asked about
	Expect(api.Create(ctx, created)).To(Succeed())
	return created
}

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
