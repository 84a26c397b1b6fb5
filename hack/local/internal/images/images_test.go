// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package images_test

import (
	"testing"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/images"
)

func node(system, architecture, provider string) corev1.Node {
	return corev1.Node{
		Spec:   corev1.NodeSpec{ProviderID: provider},
		Status: corev1.NodeStatus{NodeInfo: corev1.NodeSystemInfo{OperatingSystem: system, Architecture: architecture}},
	}
}

func TestPlatforms(t *testing.T) {
	g := NewWithT(t)
	g.Expect(images.Platforms([]corev1.Node{node("linux", "arm64", ""), node("linux", "arm64", ""), node("windows", "amd64", "")})).
		To(Equal([]string{"linux/arm64"}))
	g.Expect(images.Platforms([]corev1.Node{node("linux", "arm64", ""), node("linux", "amd64", "")})).
		To(Equal([]string{"linux/arm64", "linux/amd64"}))
	g.Expect(images.Platforms(nil)).To(Equal([]string{"linux/amd64", "linux/arm64"}), "nobody who may not see nodes is left out")
}

func TestCheckRepository(t *testing.T) {
	g := NewWithT(t)
	ofKind, other := node("linux", "amd64", "kind://docker/a/b"), node("linux", "amd64", "aws:///c")
	g.Expect(images.CheckRepository("kind.local", []corev1.Node{ofKind})).To(Succeed())
	g.Expect(images.CheckRepository("kind.local", []corev1.Node{ofKind, other})).To(MatchError(ContainSubstring("KO_DOCKER_REPO")))
	g.Expect(images.CheckRepository("example.com/images", []corev1.Node{other})).To(Succeed())
}
