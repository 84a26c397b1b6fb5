// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// Trouble is something that keeps a Deployment from being ready.
type Trouble struct {
	// Where names the object that has it.
	Where string
	// Reason is one word, Message what the cluster says about it.
	Reason, Message string
	// Lasting holds if waiting alone does not help.
	Lasting bool
}

// String writes the trouble in one line.
func (t Trouble) String() string {
	text := t.Where + ": " + t.Reason
	if t.Message != "" {
		text += ": " + strings.Join(strings.Fields(t.Message), " ")
	}
	return text
}

// key tells troubles apart whose messages and reasons change while they last, as those of images do.
func (t Trouble) key() string { return t.Where }

// Troubles returns what keeps a Deployment from being ready, by its status and its pods.
func Troubles(deployment *appsv1.Deployment, pods []corev1.Pod) []Trouble {
	var troubles []Trouble
	for _, condition := range deployment.Status.Conditions {
		if isRefusal(condition) {
			troubles = append(troubles, Trouble{
				Where: "Deployment " + deployment.Name, Reason: condition.Reason, Message: condition.Message, Lasting: true,
			})
		}
	}
	for i := range pods {
		troubles = append(troubles, ofPod(&pods[i])...)
	}
	return troubles
}

// refused reports whether pods of the Deployment were refused.
func refused(deployment *appsv1.Deployment) bool {
	return slices.ContainsFunc(deployment.Status.Conditions, isRefusal)
}

// isRefusal holds for what quotas and policies that refuse a pod lead to: there is no pod that could tell.
func isRefusal(condition appsv1.DeploymentCondition) bool {
	return condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue
}

// beginning are the reasons of containers that wait as all do when they start.
var beginning = map[string]bool{"": true, "ContainerCreating": true, "PodInitializing": true}

func ofPod(pod *corev1.Pod) []Trouble {
	if ready(pod) || pod.DeletionTimestamp != nil {
		return nil
	}
	var troubles []Trouble
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			// A cluster that grows may have a place soon.
			troubles = append(troubles, Trouble{Where: "pod " + pod.Name, Reason: condition.Reason, Message: condition.Message})
		}
	}
	for _, container := range append(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses...) {
		if waiting := container.State.Waiting; waiting != nil && !beginning[waiting.Reason] {
			trouble := Trouble{Where: "pod " + pod.Name, Reason: waiting.Reason, Message: waiting.Message, Lasting: true}
			if last := container.LastTerminationState.Terminated; last != nil {
				trouble.Message = fmt.Sprintf("%s ended with exit code %d, %d times so far", container.Name, last.ExitCode, container.RestartCount)
			}
			troubles = append(troubles, trouble)
		}
	}
	return troubles
}

func ready(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}
