// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/fleet"
)

var key = types.NamespacedName{Namespace: "system", Name: "operator"}

func pod(name string, ready corev1.ConditionStatus) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: name, Labels: map[string]string{"app": "operator"}},
		Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
	}
}

// rolledOut has the Deployment's controller finish its work at once.
func rolledOut(deployment *appsv1.Deployment) {
	wanted := *deployment.Spec.Replicas
	deployment.Status = appsv1.DeploymentStatus{Replicas: wanted, UpdatedReplicas: wanted, AvailableReplicas: wanted}
}

func newDeployment(t *testing.T, onPatch func(*appsv1.Deployment)) (fleet.Deployment, client.WithWatch) {
	t.Helper()
	deployment := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: key.Namespace, Name: key.Name},
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(2)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "operator"}},
		},
	}
	rolledOut(deployment)
	other := pod("other", corev1.ConditionTrue)
	other.Labels = nil
	c := fake.NewClientBuilder().
		WithObjects(deployment, pod("b", corev1.ConditionTrue), pod("a", corev1.ConditionTrue), pod("c", corev1.ConditionFalse), other).
		WithInterceptorFuncs(interceptor.Funcs{
			Patch: func(ctx context.Context, c client.WithWatch, object client.Object, patch client.Patch, options ...client.PatchOption) error {
				if err := c.Patch(ctx, object, patch, options...); err != nil {
					return err
				}
				patched := object.(*appsv1.Deployment)
				onPatch(patched)
				return c.Status().Update(ctx, patched)
			},
			Delete: func(ctx context.Context, c client.WithWatch, object client.Object, options ...client.DeleteOption) error {
				grace := (&client.DeleteOptions{}).ApplyOptions(options).GracePeriodSeconds
				NewWithT(t).Expect(grace).To(HaveValue(BeZero()))
				return c.Delete(ctx, object, options...)
			},
		}).Build()
	clock := clocktesting.NewFakeClock(time.Unix(1_000_000, 0))
	return fleet.Deployment{Client: c, Clock: clock, Key: key, Timeout: 50 * time.Millisecond}, c
}

func TestShardsAreThePodsThatAreReady(t *testing.T) {
	g := NewWithT(t)
	d, _ := newDeployment(t, rolledOut)
	g.Expect(d.Shards(t.Context())).To(HaveExactElements("a", "b"))
	g.Expect(d.Kill(t.Context(), "a")).To(Succeed())
	g.Expect(d.Shards(t.Context())).To(HaveExactElements("b"))
	g.Expect(d.Kill(t.Context(), "a")).To(MatchError(ContainSubstring("killing the pod a")))
}

func TestADeploymentIsScaledAndRestarted(t *testing.T) {
	g := NewWithT(t)
	d, c := newDeployment(t, rolledOut)
	g.Expect(d.Scale(t.Context(), 5)).To(Succeed())
	g.Expect(d.Restart(t.Context())).To(Succeed())
	g.Expect(d.Restore(t.Context())).To(Succeed())
	after := &appsv1.Deployment{}
	g.Expect(c.Get(t.Context(), key, after)).To(Succeed())
	g.Expect(after.Spec.Replicas).To(HaveValue(BeEquivalentTo(5)))
	g.Expect(after.Spec.Template.Annotations).To(HaveKeyWithValue("kubectl.kubernetes.io/restartedAt", "1970-01-12T13:46:40Z"))
}

func TestADeploymentThatDoesNotComeToRestIsAnError(t *testing.T) {
	g := NewWithT(t)
	d, _ := newDeployment(t, func(*appsv1.Deployment) {})
	g.Expect(d.Scale(t.Context(), 3)).To(MatchError(And(
		ContainSubstring("2 of 3 pods are up to date and 2 available"), ContainSubstring("deadline exceeded"))))
	d.Key.Name = "nobody"
	_, err := d.Shards(t.Context())
	g.Expect(err).To(MatchError(ContainSubstring("system/nobody")))
}
