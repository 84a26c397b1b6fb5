// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"context"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// signalling sends $SIGNAL to all processes of the container $CONTAINER, which their control groups are named after.
const signalling = `
for process in /proc/[0-9]*; do
  while read -r group; do
    case "$group" in *"$CONTAINER"*) kill -s "$SIGNAL" "${process#/proc/}" && found=yes; break;; esac
  done 2>/dev/null <"$process/cgroup"
done
test -n "$found"`

// sendSignal sends a signal to what runs in a pod. From within the pod nobody can: the images have no shell, and the first
// process of a container cannot be killed by its neighbours. So a pod beside it does, which sees the processes of the node.
func sendSignal(ctx context.Context, signal string, to *corev1.Pod) {
	GinkgoHelper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{
		GenerateName: "e2e-signals-", Labels: map[string]string{"pod-security.kubernetes.io/enforce": "privileged"},
	}}
	Expect(admin.Create(ctx, namespace)).To(Succeed())
	DeferCleanup(func(ctx context.Context) { Expect(client.IgnoreNotFound(admin.Delete(ctx, namespace))).To(Succeed()) })

	_, container, found := strings.Cut(to.Status.ContainerStatuses[0].ContainerID, "://")
	Expect(found).To(BeTrue())
	sender := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace.Name, Name: "sender"},
		Spec: corev1.PodSpec{
			NodeName: to.Spec.NodeName, HostPID: true, RestartPolicy: corev1.RestartPolicyNever,
			AutomountServiceAccountToken: new(false),
			Tolerations:                  []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			Containers: []corev1.Container{{
				Name: "sender", Image: imageOfWebsites(ctx), Command: []string{"sh", "-c", signalling},
				Env:             []corev1.EnvVar{{Name: "CONTAINER", Value: container}, {Name: "SIGNAL", Value: signal}},
				SecurityContext: &corev1.SecurityContext{RunAsUser: new(int64(0))},
			}},
		},
	}
	Eventually(ctx, func() error { return admin.Create(ctx, sender) }).Should(Succeed(), "the namespace needs its ServiceAccount first")
	Eventually(ctx, func(g Gomega) {
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(sender), sender)).To(Succeed())
		g.Expect(sender.Status.Phase).To(Or(Equal(corev1.PodSucceeded), Equal(corev1.PodFailed)))
	}).Should(Succeed())
	Expect(sender.Status.Phase).To(Equal(corev1.PodSucceeded), "%s", logOf(ctx, sender, false))
}

// imageOfWebsites is an image with a shell that the cluster has already.
func imageOfWebsites(ctx context.Context) string {
	GinkgoHelper()
	pods := podsOf(ctx, projects[0], "nginx")
	Expect(pods).NotTo(BeEmpty())
	return pods[0].Spec.Containers[0].Image
}

// killed are the pods whose containers were restarted because a spec killed their processes.
var killed = map[types.UID]bool{}

// expectRestarted waits until the cluster has started the only container of the pod again.
func expectRestarted(ctx context.Context, pod *corev1.Pod) {
	GinkgoHelper()
	killed[pod.UID] = true
	Eventually(ctx, func(g Gomega) {
		g.Expect(admin.Get(ctx, client.ObjectKeyFromObject(pod), pod)).To(Succeed())
		g.Expect(pod.Status.ContainerStatuses[0].RestartCount).To(BeEquivalentTo(1))
		g.Expect(pod.Status.ContainerStatuses[0].Ready).To(BeTrue())
	}).Should(Succeed())
	Expect(pod.Status.ContainerStatuses[0].LastTerminationState.Terminated.ExitCode).To(BeEquivalentTo(128 + 9))
}
