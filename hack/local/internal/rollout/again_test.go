// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package rollout_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/rollout"
)

// After a quota was raised, the cluster may wait for minutes before it tries again.
func TestWaitHasRefusedPodsTriedAgain(t *testing.T) {
	for name, refused := range map[string]bool{"refused": true, "not refused": false} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			labels := map[string]string{"app": "d"}
			deployment := &appsv1.Deployment{
				ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "d"},
				Spec:       appsv1.DeploymentSpec{Replicas: new(int32(0)), Selector: &metav1.LabelSelector{MatchLabels: labels}},
			}
			if refused {
				deployment.Status.Conditions = []appsv1.DeploymentCondition{{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue}}
			}
			set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "d-1", Labels: labels}}
			other := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: "e-1", Labels: map[string]string{"app": "e"}}}
			c := fake.NewClientBuilder().WithObjects(deployment, set, other).Build()

			err := rollout.Rollout{Client: c, Key: client.ObjectKeyFromObject(deployment), Timeout: time.Minute, Say: func(string) {}}.Wait(t.Context())
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(c.Get(t.Context(), client.ObjectKeyFromObject(set), set)).To(Succeed())
			g.Expect(set.Annotations).To(HaveLen(map[bool]int{true: 1}[refused]))
			g.Expect(c.Get(t.Context(), client.ObjectKeyFromObject(other), other)).To(Succeed())
			g.Expect(other.Annotations).To(BeEmpty())
		})
	}
}
