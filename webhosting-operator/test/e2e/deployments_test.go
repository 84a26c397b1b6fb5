// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"context"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// replicas is how many instances the overlay of the mode has.
func replicas(mode string) int {
	if mode == singleton {
		return 1
	}
	return 3
}

func deployment(namespace, name string) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// scale sets the number of instances of the operator, and waits until there are as many.
func scale(ctx context.Context, count int) {
	GinkgoHelper()
	object := deployment(operatorNamespace, operatorName)
	Expect(admin.Patch(ctx, object, client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, count)))).To(Succeed())
	expectRolledOut(ctx, object, count)
}

// restart replaces all pods of a Deployment as `kubectl rollout restart` does, and waits until that is done.
func restart(ctx context.Context, namespace, name string) {
	GinkgoHelper()
	before := podsOf(ctx, namespace, name)
	object := deployment(namespace, name)
	Expect(admin.Patch(ctx, object, client.RawPatch(types.StrategicMergePatchType, fmt.Appendf(nil,
		`{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":%q}}}}}`, time.Now().Format(time.RFC3339Nano))))).To(Succeed())
	expectRolledOut(ctx, object, len(before))
	for _, pod := range podsOf(ctx, namespace, name) {
		Expect(before).NotTo(ContainElement(HaveField("UID", pod.UID)))
	}
}

// expectRolledOut waits until the pods are all there, all new, all ready, and the old ones have ended.
func expectRolledOut(ctx context.Context, object *appsv1.Deployment, count int) {
	GinkgoHelper()
	generation := object.Generation
	Eventually(ctx, func(g Gomega) {
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(object), object)).To(Succeed())
		g.Expect(object.Status.ObservedGeneration).To(BeNumerically(">=", generation))
		g.Expect(object.Status.UpdatedReplicas).To(BeEquivalentTo(count))
		g.Expect(object.Status.AvailableReplicas).To(BeEquivalentTo(count))
		pods := &corev1.PodList{}
		g.Expect(admin.List(ctx, pods, client.InNamespace(object.Namespace), client.MatchingLabels{"app.kubernetes.io/name": object.Name})).To(Succeed())
		g.Expect(pods.Items).To(HaveLen(count))
	}).Should(Succeed())
}

func podsOf(ctx context.Context, namespace, name string) []corev1.Pod {
	GinkgoHelper()
	pods := &corev1.PodList{}
	Expect(admin.List(ctx, pods, client.InNamespace(namespace), client.MatchingLabels{"app.kubernetes.io/name": name})).To(Succeed())
	return pods.Items
}
