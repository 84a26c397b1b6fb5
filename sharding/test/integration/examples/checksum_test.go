// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/examples/checksum/controller"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

const (
	shardLabel = "shard.alpha.sharding.timebertt.dev/checksums"
	drainLabel = "drain.alpha.sharding.timebertt.dev/checksums"
	password   = "correct-horse-battery-staple"
)

var _ = Describe("The checksum controller", Ordered, func() {
	var (
		namespace string
		shards    []*gexec.Session
		start     func(shard string) *gexec.Session
		dedicated *gexec.Session
		embedded  func()
	)

	BeforeAll(func(ctx context.Context) {
		shell("kubectl apply -k ../../../../config/default")
		shell("kubectl wait --for=condition=Established crd/controllerrings.sharding.timebertt.dev")
		shell("kubectl apply -k ../../../examples/checksum/config")

		namespace = createNamespace(ctx, map[string]string{"checksums.sharding.timebertt.dev/enabled": "true"})
		for n := range 20 {
			createSecret(ctx, namespace, fmt.Sprintf("secret-%d", n))
		}
		program, kubeconfig := build("checksum"), kubeconfigOf(ctx, "checksum-system", "checksum")
		start = func(shard string) *gexec.Session {
			session := run(kubeconfig, program, "--mode=Shard", "--namespace=checksum-system", "--shard-name="+shard)
			shards = append(shards, session)
			return session
		}
		embedded = func() { run(admin, program, "--mode=Sharder", "--namespace=checksum-system") }
		dedicated = startSharder(ctx)
		start("a")
		start("b")
	})

	settled := func(ctx context.Context, names ...string) {
		GinkgoHelper()
		Eventually(func(g Gomega) { expectSettled(ctx, g, namespace, names...) }).Should(Succeed())
	}

	It("divides the Secrets among its shards", func(ctx context.Context) {
		settled(ctx, "a", "b")
	})

	It("assigns a Secret in the request that creates it", func(ctx context.Context) {
		Eventually(func(g Gomega) {
			created := createSecret(ctx, namespace, fmt.Sprintf("created-%d", time.Now().UnixNano()))
			g.Expect(created.Labels).To(HaveKeyWithValue(shardLabel, Or(Equal("a"), Equal("b"))))
		}).Should(Succeed())
		Eventually(func(g Gomega) {
			ring := &shardingv1alpha1.ControllerRing{}
			g.Expect(apiServer.Get(ctx, client.ObjectKey{Name: "checksums"}, ring)).To(Succeed())
			g.Expect(ring.Status.AvailableShards).To(BeEquivalentTo(2))
			g.Expect(ring.Status.Conditions).To(ContainElement(And(HaveField("Type", "Ready"), HaveField("Reason", "Sharded"))))
		}).Should(Succeed())
	})

	It("gives a shard that joins its share, and takes it back when it leaves", func(ctx context.Context) {
		joined := start("c")
		Eventually(func(g Gomega) { // or else it might be told to leave before it has begun, if no Secret happens to be its own
			ring := &shardingv1alpha1.ControllerRing{}
			g.Expect(apiServer.Get(ctx, client.ObjectKey{Name: "checksums"}, ring)).To(Succeed())
			g.Expect(ring.Status.AvailableShards).To(BeEquivalentTo(3))
		}).Should(Succeed())
		settled(ctx, "a", "b", "c")
		Eventually(joined.Terminate()).Should(gexec.Exit(0))
		settled(ctx, "a", "b")
	})

	It("writes the checksum again when the Secret changes", func(ctx context.Context) {
		before := checksumOf(ctx, Default, namespace, "secret-0").Data["sha256"]
		patch(ctx, &corev1.Secret{}, namespace, "secret-0", `{"stringData":{"password":"another"}}`)
		Eventually(func(g Gomega) {
			after := checksumOf(ctx, g, namespace, "secret-0").Data["sha256"]
			g.Expect(after).To(And(HaveLen(64), Not(Equal(before))))
		}).Should(Succeed())
		patch(ctx, &corev1.Secret{}, namespace, "secret-0", `{"stringData":{"password":"`+password+`"}}`)
		settled(ctx, "a", "b")
	})

	It("repairs what others do to a ConfigMap", func(ctx context.Context) {
		for _, drift := range []string{`{"data":{"sha256":"0"}}`, `{"data":null}`, `{"metadata":{"labels":null}}`} {
			patch(ctx, &corev1.ConfigMap{}, namespace, "secret-1-checksum", drift)
			settled(ctx, "a", "b")
		}
		Expect(apiServer.Delete(ctx, checksumOf(ctx, Default, namespace, "secret-1"))).To(Succeed())
		settled(ctx, "a", "b")
	})

	It("keeps its labels from users who may edit Secrets", func(ctx context.Context) {
		createSecret(ctx, namespace, "guarded")
		settled(ctx, "a", "b")
		// The role edit gets its rules from this one by a controller that these tests do not have.
		shell("kubectl create serviceaccount editor --namespace " + namespace)
		shell("kubectl create rolebinding editor --clusterrole system:aggregate-to-edit --serviceaccount " + namespace + ":editor --namespace " + namespace)
		user := kubeconfigOf(ctx, namespace, "editor")
		Eventually(func() []byte { // the API server learns of roles in the background, and refuses everything before
			edit := run(user, filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"),
				"label", "secret", "guarded", "--namespace", namespace, "--overwrite", shardLabel+"=mine")
			Eventually(edit).Should(gexec.Exit(1))
			return edit.Err.Contents()
		}).Should(ContainSubstring("may not change " + shardLabel))
	})

	It("leaves a ConfigMap alone that is somebody else's, and says so", func(ctx context.Context) {
		foreign := &corev1.ConfigMap{Data: map[string]string{"sha256": "mine"}}
		foreign.Namespace, foreign.Name = namespace, "taken-checksum"
		Expect(apiServer.Create(ctx, foreign)).To(Succeed())
		secret := createSecret(ctx, namespace, "taken")
		Eventually(func(g Gomega) {
			events := &eventsv1.EventList{}
			g.Expect(apiServer.List(ctx, events, client.InNamespace(namespace))).To(Succeed())
			g.Expect(events.Items).To(ContainElement(And(
				HaveField("Regarding.Name", "taken"), HaveField("Reason", "NameTaken"),
			)))
		}).Should(Succeed())
		Expect(checksumOf(ctx, Default, namespace, "taken").Data).To(Equal(map[string]string{"sha256": "mine"}))
		Expect(apiServer.Delete(ctx, secret)).To(Succeed())
	})

	It("does not touch namespaces that did not ask for it", func(ctx context.Context) {
		other := createNamespace(ctx, nil)
		createSecret(ctx, other, "untouched")
		createSecret(ctx, namespace, "after") // which is assigned after that
		settled(ctx, "a", "b")

		secret := &corev1.Secret{}
		Expect(apiServer.Get(ctx, client.ObjectKey{Namespace: other, Name: "untouched"}, secret)).To(Succeed())
		Expect(secret.Labels).To(BeEmpty())
	})

	It("has a manifest that says what its ring says", func(ctx context.Context) {
		wanted, err := controller.Ring.ControllerRing(apiServer.Scheme(), apiServer.RESTMapper())
		Expect(err).NotTo(HaveOccurred())
		applied := &shardingv1alpha1.ControllerRing{}
		Expect(apiServer.Get(ctx, client.ObjectKey{Name: "checksums"}, applied)).To(Succeed())
		Expect(applied.Spec).To(Equal(wanted.Spec))
	})

	It("goes on with a sharder of its own, which need not be installed", func(ctx context.Context) {
		Eventually(dedicated.Terminate()).Should(gexec.Exit(0))
		createSecret(ctx, namespace, "waiting")
		embedded()
		settled(ctx, "a", "b")
	})

	It("logs nothing of a Secret", func() {
		for _, program := range append(shards, dedicated) {
			Expect(string(program.Err.Contents())).To(And(ContainSubstring("Starting"), Not(ContainSubstring(password))))
		}
	})
})

// expectSettled checks that each Secret of the namespace is on its shard, and its ConfigMap written by that shard and gone
// with the Secret: the garbage collector, which these tests do not have, goes by the owner reference.
func expectSettled(ctx context.Context, g Gomega, namespace string, shards ...string) {
	wanted := ring.New(shards...)
	secrets := &corev1.SecretList{}
	g.Expect(apiServer.List(ctx, secrets, client.InNamespace(namespace))).To(Succeed())
	g.Expect(secrets.Items).NotTo(BeEmpty())
	for _, secret := range secrets.Items {
		shard := wanted.Lookup("/Secret/" + namespace + "/" + secret.Name)
		g.Expect(secret.Labels).To(And(HaveKeyWithValue(shardLabel, shard), Not(HaveKey(drainLabel))), secret.Name)

		configMap := checksumOf(ctx, g, namespace, secret.Name)
		g.Expect(configMap.Labels).To(HaveKeyWithValue(shardLabel, shard), secret.Name)
		g.Expect(configMap.Data).To(Equal(map[string]string{"sha256": "086823942574e96c0d7886694d1a0972565983785d8f39ebba2aaff55cb069b8"}))
		g.Expect(configMap.OwnerReferences).To(Equal([]metav1.OwnerReference{{
			APIVersion: "v1", Kind: "Secret", Name: secret.Name, UID: secret.UID, Controller: new(true),
		}}))
	}
}

func checksumOf(ctx context.Context, g Gomega, namespace, secret string) *corev1.ConfigMap {
	configMap := &corev1.ConfigMap{}
	g.Expect(apiServer.Get(ctx, client.ObjectKey{Namespace: namespace, Name: secret + "-checksum"}, configMap)).To(Succeed())
	return configMap
}

func createNamespace(ctx context.Context, labels map[string]string) string {
	GinkgoHelper()
	namespace := &corev1.Namespace{}
	namespace.GenerateName, namespace.Labels = "test-", labels
	Expect(apiServer.Create(ctx, namespace)).To(Succeed())
	return namespace.Name
}

func createSecret(ctx context.Context, namespace, name string) *corev1.Secret {
	GinkgoHelper()
	secret := &corev1.Secret{StringData: map[string]string{"password": password}}
	secret.Namespace, secret.Name = namespace, name
	Expect(apiServer.Create(ctx, secret)).To(Succeed())
	return secret
}

func patch(ctx context.Context, object client.Object, namespace, name, patch string) {
	GinkgoHelper()
	object.SetNamespace(namespace)
	object.SetName(name)
	Expect(apiServer.Patch(ctx, object, client.RawPatch("application/merge-patch+json", []byte(patch)))).To(Succeed())
}
