// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"fmt"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/ring"
)

// create creates Deployments named object-0, object-1 and so on.
func (r *testRing) create(count int) {
	GinkgoHelper()
	for n := range count {
		Expect(apiServer.Create(inContext(), newDeployment(r.namespace, fmt.Sprintf("object-%d", n)))).To(Succeed())
	}
}

func newDeployment(namespace, name string) *appsv1.Deployment {
	labels := map[string]string{"app": "test"}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "test", Image: "test"}}},
			},
		},
	}
}

// scale changes a Deployment, which makes its shard write.
func (r *testRing) scale(ctx context.Context, name string, replicas int) error {
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: r.namespace, Name: name}}
	patch := fmt.Sprintf(`{"spec":{"replicas":%d}}`, replicas)
	return apiServer.Patch(ctx, deployment, client.RawPatch("application/merge-patch+json", []byte(patch)))
}

func (r *testRing) deployments(g Gomega) []appsv1.Deployment {
	list := &appsv1.DeploymentList{}
	g.Expect(apiServer.List(context.Background(), list, client.InNamespace(r.namespace))).To(Succeed())
	return list.Items
}

// owners returns the shard of each object.
func (r *testRing) owners(g Gomega) map[string]string {
	owners := map[string]string{}
	for _, deployment := range r.deployments(g) {
		owners[deployment.Name] = deployment.Labels["shard.alpha.sharding.timebertt.dev/"+r.Name]
	}
	return owners
}

// settled checks that every object is on its wanted shard of those given, not draining, and reconciled by that shard.
func (r *testRing) settled(g Gomega, shards ...string) {
	wanted := ring.New(shards...)
	configMaps := &corev1.ConfigMapList{}
	g.Expect(apiServer.List(context.Background(), configMaps, client.InNamespace(r.namespace))).To(Succeed())
	byName := map[string]corev1.ConfigMap{}
	for _, configMap := range configMaps.Items {
		byName[configMap.Name] = configMap
	}

	for _, deployment := range r.deployments(g) {
		owner := wanted.Lookup("apps/Deployment/" + r.namespace + "/" + deployment.Name)
		g.Expect(deployment.Labels).To(HaveKeyWithValue("shard.alpha.sharding.timebertt.dev/"+r.Name, owner), deployment.Name)
		g.Expect(deployment.Labels).NotTo(HaveKey("drain.alpha.sharding.timebertt.dev/"+r.Name), deployment.Name)
		g.Expect(byName).To(HaveKey(deployment.Name))
		g.Expect(byName[deployment.Name].Labels).To(HaveKeyWithValue("shard.alpha.sharding.timebertt.dev/"+r.Name, owner), deployment.Name)
		g.Expect(byName[deployment.Name].Data).To(HaveKeyWithValue("replicas", replicas(&deployment)), deployment.Name)
	}
}

// eventuallySettled waits until settled holds.
func (r *testRing) eventuallySettled(shards ...string) {
	GinkgoHelper()
	Eventually(func(g Gomega) { r.settled(g, shards...) }).Should(Succeed())
}

func replicas(deployment *appsv1.Deployment) string {
	return strconv.Itoa(int(*deployment.Spec.Replicas))
}
