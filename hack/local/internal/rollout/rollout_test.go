// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package rollout_test

import (
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/rollout"
)

func TestTroubles(t *testing.T) {
	waiting := func(reason, message string) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: "a"},
			Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{
				{Name: "main", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}},
			}},
		}
	}
	ready := waiting("ImagePullBackOff", "")
	ready.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	ending := waiting("ImagePullBackOff", "")
	ending.DeletionTimestamp = &metav1.Time{}
	homeless := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "a"}, Status: corev1.PodStatus{Conditions: []corev1.PodCondition{
		{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/3 nodes are available"},
	}}}
	crashing := waiting("CrashLoopBackOff", "back-off 10s restarting failed container")
	crashing.Status.ContainerStatuses[0].RestartCount = 3
	crashing.Status.ContainerStatuses[0].LastTerminationState.Terminated = &corev1.ContainerStateTerminated{ExitCode: 2}

	for name, test := range map[string]struct {
		conditions []appsv1.DeploymentCondition
		pod        corev1.Pod
		want       string
		lasting    bool
	}{
		"image":    {pod: waiting("ErrImagePull", "not\n found"), want: "pod a: ErrImagePull: not found", lasting: true},
		"starting": {pod: waiting("ContainerCreating", "")},
		"ready":    {pod: ready},
		"ending":   {pod: ending},
		"no place": {pod: homeless, want: "pod a: Unschedulable: 0/3 nodes are available"},
		"crashes":  {pod: crashing, want: "pod a: CrashLoopBackOff: main ended with exit code 2, 3 times so far", lasting: true},
		"quota": {
			conditions: []appsv1.DeploymentCondition{
				{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "ReplicaSetUpdated"},
				{Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: "exceeded quota"},
			},
			pod: ready, want: "Deployment d: FailedCreate: exceeded quota", lasting: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Name: "d"}, Status: appsv1.DeploymentStatus{Conditions: test.conditions}}
			troubles := rollout.Troubles(deployment, []corev1.Pod{test.pod})
			if test.want == "" {
				g.Expect(troubles).To(BeEmpty())
				return
			}
			g.Expect(troubles).To(HaveLen(1))
			g.Expect(troubles[0].String()).To(Equal(test.want))
			g.Expect(troubles[0].Lasting).To(Equal(test.lasting))
		})
	}
}

func TestComplete(t *testing.T) {
	complete := appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Generation: 2},
		Spec:       appsv1.DeploymentSpec{Replicas: new(int32(3))},
		Status:     appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 3, UpdatedReplicas: 3, AvailableReplicas: 3},
	}
	g := NewWithT(t)
	g.Expect(rollout.Complete(&complete)).To(BeTrue())
	for name, change := range map[string]func(*appsv1.DeploymentStatus){
		"not seen":      func(s *appsv1.DeploymentStatus) { s.ObservedGeneration = 1 },
		"old one left":  func(s *appsv1.DeploymentStatus) { s.Replicas = 4 },
		"not updated":   func(s *appsv1.DeploymentStatus) { s.UpdatedReplicas = 2 },
		"not available": func(s *appsv1.DeploymentStatus) { s.AvailableReplicas = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			deployment := complete.DeepCopy()
			change(&deployment.Status)
			g.Expect(rollout.Complete(deployment)).To(BeFalse())
		})
	}
}
