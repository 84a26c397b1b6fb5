// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"context"
	"regexp"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
)

// frugal looks at the memory of the pods of operator and sharder at rest, as their nodes tell it: it is far from what they
// ask for. Some clusters do not let one see it.
func frugal(mode string) {
	It("needs less memory than it asks for, "+mode, func(ctx context.Context) {
		inMode(ctx, mode)
		pods := append(podsOf(ctx, operatorNamespace, operatorName), podsOf(ctx, sharderNamespace, sharderName)...)
		answer, err := resourceMetrics(ctx, pods[0].Spec.NodeName)
		if err != nil {
			skip("the node does not tell: %v", err)
		}
		for _, pod := range pods {
			var used float64
			Eventually(ctx, func(g Gomega) { // nodes look every some seconds
				answer, err = resourceMetrics(ctx, pod.Spec.NodeName)
				g.Expect(err).NotTo(HaveOccurred())
				used = memoryOf(&pod, answer)
				g.Expect(used).To(BeNumerically(">", 0))
			}).Should(Succeed())
			requested := pod.Spec.Containers[0].Resources.Requests.Memory().AsApproximateFloat64()
			note("memory of "+pod.Name+", "+mode, "%.0f MiB of %.0f MiB", used/(1<<20), requested/(1<<20))
			Expect(used).To(BeNumerically("<", requested))
		}
	}, SpecTimeout(specTimeout))
}

func resourceMetrics(ctx context.Context, node string) (string, error) {
	answer, err := clientset.CoreV1().RESTClient().Get().Resource("nodes").Name(node).SubResource("proxy").Suffix("metrics/resource").DoRaw(ctx)
	return string(answer), err
}

// memoryOf returns the working set of a pod in bytes, 0 if the node has not looked yet.
func memoryOf(pod *corev1.Pod, metrics string) float64 {
	pattern := regexp.MustCompile(`pod_memory_working_set_bytes\{namespace="` + pod.Namespace + `",pod="` + pod.Name + `"\} (\S+)`)
	match := pattern.FindStringSubmatch(metrics)
	if match == nil {
		return 0
	}
	bytes, err := strconv.ParseFloat(match[1], 64)
	Expect(err).NotTo(HaveOccurred())
	return bytes
}
