// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// restarts is how many times containers were started again in place, but for those that specs killed.
var restarts int

var _ = AfterEach(func(ctx context.Context) {
	var restarted []string
	for _, namespace := range append([]string{operatorNamespace, sharderNamespace}, projects...) {
		pods := &corev1.PodList{}
		Expect(admin.List(ctx, pods, client.InNamespace(namespace))).To(Succeed())
		for _, pod := range pods.Items {
			for _, status := range pod.Status.ContainerStatuses {
				count := int(status.RestartCount)
				if killed[pod.UID] {
					count--
				}
				if count > 0 {
					restarts += count
					restarted = append(restarted, fmt.Sprintf("%s, %d times, last since %+v\n%s",
						pod.Name, count, status.LastTerminationState.Terminated, logOf(ctx, &pod, true)))
				}
			}
		}
	}
	Expect(restarted).To(BeEmpty())
})

// logOf returns the end of what a container wrote, or wrote before it was restarted.
func logOf(ctx context.Context, pod *corev1.Pod, previous bool) string {
	log, err := clientset.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, &corev1.PodLogOptions{Previous: previous, TailLines: new(int64(40))}).DoRaw(ctx)
	if err != nil {
		return err.Error()
	}
	return string(log)
}

// When a spec fails, what operator and sharder wrote tells why.
var _ = JustAfterEach(func(ctx context.Context) {
	if !CurrentSpecReport().Failed() {
		return
	}
	for namespace, name := range map[string]string{operatorNamespace: operatorName, sharderNamespace: sharderName} {
		for _, pod := range podsOf(ctx, namespace, name) {
			GinkgoWriter.Printf("--- %s %s\n%s\n", pod.Name, pod.Status.Phase, logOf(ctx, &pod, false))
		}
	}
})
