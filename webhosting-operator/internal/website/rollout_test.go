// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	"k8s.io/utils/ptr"
)

func TestRollout(t *testing.T) {
	stuck := []appsv1.DeploymentCondition{{Type: "Progressing", Status: "False", Reason: "ProgressDeadlineExceeded"}}
	refused := []appsv1.DeploymentCondition{{Type: "ReplicaFailure", Status: "True", Reason: "FailedCreate", Message: "exceeded quota"}}
	for name, test := range map[string]struct {
		replicas *int32
		status   appsv1.DeploymentStatus
		want     rollout
	}{
		"new":                      {ptr.To[int32](1), appsv1.DeploymentStatus{}, rolloutUnobserved},
		"new, without replicas":    {ptr.To[int32](0), appsv1.DeploymentStatus{}, rolloutUnobserved},
		"of an older generation":   {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 2, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}, rolloutUnobserved},
		"no pods":                  {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 3}, rolloutProgressing},
		"replicas by default":      {nil, appsv1.DeploymentStatus{ObservedGeneration: 3}, rolloutProgressing},
		"a pod that is not ready":  {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 1, UpdatedReplicas: 1}, rolloutProgressing},
		"an old pod that serves":   {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 1, AvailableReplicas: 1}, rolloutProgressing},
		"an old pod beside":        {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 2, UpdatedReplicas: 1, AvailableReplicas: 2}, rolloutProgressing},
		"complete":                 {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}, rolloutComplete},
		"complete by default":      {nil, appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1}, rolloutComplete},
		"complete, none wanted":    {ptr.To[int32](0), appsv1.DeploymentStatus{ObservedGeneration: 3}, rolloutComplete},
		"none wanted, one left":    {ptr.To[int32](0), appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 1, AvailableReplicas: 1}, rolloutProgressing},
		"stuck":                    {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 1, Conditions: stuck}, rolloutStuck},
		"refused":                  {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 3, Conditions: refused}, rolloutRefused},
		"refused for long":         {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 3, Conditions: append(stuck, refused...)}, rolloutRefused},
		"refused before, now not":  {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1, Conditions: refused}, rolloutComplete},
		"stuck before, now not":    {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 3, Replicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1, Conditions: stuck}, rolloutComplete},
		"stuck before this change": {ptr.To[int32](1), appsv1.DeploymentStatus{ObservedGeneration: 2, Conditions: stuck}, rolloutUnobserved},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			d := &appsv1.Deployment{
				ObjectMeta: metav1.ObjectMeta{Generation: 3},
				Spec:       appsv1.DeploymentSpec{Replicas: test.replicas},
				Status:     test.status,
			}
			g.Expect(progressOf(d).rollout).To(Equal(test.want))

			// The answer to an apply is decoded into its configuration.
			answer, err := json.Marshal(d)
			g.Expect(err).NotTo(HaveOccurred())
			applied := &appsv1ac.DeploymentApplyConfiguration{}
			g.Expect(json.Unmarshal(answer, applied)).To(Succeed())
			g.Expect(progressOfApplied(applied)).To(Equal(progressOf(d)))
		})
	}
}
