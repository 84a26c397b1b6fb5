// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package examples_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	"github.com/onsi/gomega/types"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const exampleLabel = "shard.alpha.sharding.timebertt.dev/example"

var _ = Describe("Sharding of a controller that runs already", func() {
	It("is turned on when the singleton has ended, and off again by the commands in the document", func(ctx context.Context) {
		system := &corev1.Namespace{}
		system.Name = "example-system"
		Expect(apiServer.Create(ctx, system)).To(Succeed())
		namespace := createNamespace(ctx, nil)
		for n := range 5 {
			createDeployment(ctx, namespace, fmt.Sprintf("object-%d", n))
		}

		By("running the singleton")
		singleton := run(admin, build("diff/singleton"))
		eventuallyReconciled(ctx, namespace, 1, Not(HaveKey(exampleLabel)))

		By("starting a shard beside it")
		sharded := run(admin, build("diff/sharded"))
		Eventually(func(g Gomega) {
			g.Expect(shardLeases(ctx, g)).To(ConsistOf(HaveField("Spec.HolderIdentity", HaveValue(Not(BeEmpty())))))
		}).Should(Succeed())
		Consistently(func(g Gomega) {
			g.Expect(deployments(ctx, g, namespace)).To(HaveEach(HaveField("Labels", Not(HaveKey(exampleLabel)))))
		}, 3*time.Second).Should(Succeed())

		By("ending the singleton")
		Eventually(singleton.Terminate()).Should(gexec.Exit())
		hostname, err := os.Hostname()
		Expect(err).NotTo(HaveOccurred())
		eventuallyReconciled(ctx, namespace, 1, HaveKeyWithValue(exampleLabel, hostname))

		By("going back to the singleton")
		Eventually(sharded.Terminate()).Should(gexec.Exit(0))
		for _, deployment := range deployments(ctx, Default, namespace) {
			patch(ctx, &appsv1.Deployment{}, namespace, deployment.Name, `{"spec":{"replicas":2}}`)
		}
		shell(commandsBelow("### Off again"))
		run(admin, build("diff/singleton"))
		eventuallyReconciled(ctx, namespace, 2, Not(HaveKey(exampleLabel)))
		Expect(shardLeases(ctx, Default)).To(BeEmpty())
	})
})

func shardLeases(ctx context.Context, g Gomega) []coordinationv1.Lease {
	leases := &coordinationv1.LeaseList{}
	g.Expect(apiServer.List(ctx, leases, client.MatchingLabels{"alpha.sharding.timebertt.dev/controllerring": "example"})).To(Succeed())
	return leases.Items
}

// commandsBelow returns the first commands below a heading of the document.
func commandsBelow(heading string) string {
	GinkgoHelper()
	document, err := os.ReadFile("../../../../docs/implement-sharding.md")
	Expect(err).NotTo(HaveOccurred())
	_, section, found := strings.Cut(string(document), "\n"+heading+"\n")
	Expect(found).To(BeTrue(), heading)
	_, block, found := strings.Cut(section, "\n```console\n")
	Expect(found).To(BeTrue(), "no commands below %s", heading)
	commands, _, _ := strings.Cut(block, "\n```\n")
	return commands
}

// eventuallyReconciled waits until each Deployment and its ConfigMap have such labels, and the ConfigMap says how many
// replicas are wanted.
func eventuallyReconciled(ctx context.Context, namespace string, replicas int, labels types.GomegaMatcher) {
	GinkgoHelper()
	Eventually(func(g Gomega) {
		for _, deployment := range deployments(ctx, g, namespace) {
			g.Expect(deployment.Labels).To(labels)
			configMap := &corev1.ConfigMap{}
			g.Expect(apiServer.Get(ctx, client.ObjectKeyFromObject(&deployment), configMap)).To(Succeed())
			g.Expect(configMap.Labels).To(labels)
			g.Expect(configMap.Data).To(HaveKeyWithValue("replicas", fmt.Sprint(replicas)))
		}
	}).Should(Succeed())
}

func deployments(ctx context.Context, g Gomega, namespace string) []appsv1.Deployment {
	list := &appsv1.DeploymentList{}
	g.Expect(apiServer.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	g.Expect(list.Items).NotTo(BeEmpty())
	return list.Items
}

func createDeployment(ctx context.Context, namespace, name string) {
	GinkgoHelper()
	labels := map[string]string{"app": "test"}
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "test", Image: "test"}}},
			},
		},
	}
	Expect(apiServer.Create(ctx, deployment)).To(Succeed())
}
