// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
)

const (
	// evidenceTimeout is how long it may take to look at one pod more closely.
	evidenceTimeout = 5 * time.Second
	// logLines is how many lines of a log are shown.
	logLines = 8
)

// evidence is what explains why a pod is not ready: the warnings about it, and the end of its log. What cannot be had is
// left out.
func (r Rollout) evidence(ctx context.Context, pod *corev1.Pod) string {
	ctx, cancel := context.WithTimeout(ctx, evidenceTimeout)
	defer cancel()
	var text strings.Builder
	if len(ofPod(pod)) == 0 { // what the pod tells itself, the events only repeat
		for _, warning := range r.warnings(ctx, pod) {
			fmt.Fprintf(&text, "\n  pod %s: %s", pod.Name, warning)
		}
	}
	for _, status := range pod.Status.ContainerStatuses {
		if status.State.Running == nil && status.RestartCount == 0 {
			continue
		}
		log, err := r.Clientset.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{
			Container: status.Name, TailLines: new(int64(logLines)), Previous: status.State.Running == nil,
		}).DoRaw(ctx)
		if err == nil && len(log) > 0 {
			fmt.Fprintf(&text, "\n  the end of the log of %s in pod %s:\n    %s", status.Name, pod.Name,
				strings.ReplaceAll(strings.TrimSpace(string(log)), "\n", "\n    "))
		}
	}
	return text.String()
}

func (r Rollout) warnings(ctx context.Context, pod *corev1.Pod) []string {
	events, err := r.Clientset.CoreV1().Events(pod.Namespace).List(ctx, metav1.ListOptions{
		FieldSelector: fields.Set{"involvedObject.uid": string(pod.UID), "type": corev1.EventTypeWarning}.String(),
	})
	if err != nil {
		return nil
	}
	var warnings []string
	seen := map[string]bool{}
	for _, event := range events.Items {
		if !seen[event.Reason] {
			seen[event.Reason] = true
			warnings = append(warnings, event.Reason+": "+strings.Join(strings.Fields(event.Message), " "))
		}
	}
	return warnings
}
