// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/processes"
)

func newCheckout(t *testing.T, name string) checkout.Checkout {
	t.Helper()
	g := NewWithT(t)
	root := filepath.Join(t.TempDir(), name)
	g.Expect(os.MkdirAll(filepath.Join(root, "hack", "programs"), 0o755)).To(Succeed())
	g.Expect(os.WriteFile(filepath.Join(root, "hack", "programs", "go.mod"), nil, 0o644)).To(Succeed())
	c, err := checkout.Find(root)
	g.Expect(err).NotTo(HaveOccurred())
	return c
}

func TestConfigHoldsEveryPort(t *testing.T) {
	g := NewWithT(t)
	ports := map[string]int{}
	for i, name := range portNames {
		ports[name] = 20000 + i
	}
	rendered, err := config{name: "x", programs: "/programs", ports: ports}.render()
	g.Expect(err).NotTo(HaveOccurred())

	var read struct {
		Options           map[string]any
		ComponentsPatches []patch
	}
	g.Expect(yaml.Unmarshal(rendered, &read)).To(Succeed())
	// A port that is left out, or 0, would be chosen by kwokctl and be another one each time.
	for option, port := range map[string]int{
		"kubeApiserverPort": 20000, "etcdPort": 20001, "etcdPeerPort": 20002,
		"kubeControllerManagerPort": 20003, "kubeSchedulerPort": 20004, "kwokControllerPort": 20005,
	} {
		g.Expect(read.Options).To(HaveKeyWithValue(option, BeNumerically("==", port)))
	}
	g.Expect(read.Options).To(HaveKeyWithValue("kwokControllerBinary", "/programs/kwok"))
	g.Expect(read.ComponentsPatches).To(ContainElement(HaveField("Name", "kube-apiserver")))
}

func TestGarbageGrowsOnlyWhereThereIsRoom(t *testing.T) {
	g := NewWithT(t)
	limit := func(room uint64) string {
		rendered, err := config{name: "x", programs: "/programs", room: room}.render()
		g.Expect(err).NotTo(HaveOccurred())
		_, after, _ := strings.Cut(string(rendered), "GOMEMLIMIT\n")
		line, _, _ := strings.Cut(after, "\n")
		return strings.TrimSpace(line)
	}
	g.Expect(limit(8 << 30)).To(Equal(`value: "8589934592"`))
	g.Expect(limit(0)).To(BeEmpty())
}

func TestDigestFollowsTheConfiguration(t *testing.T) {
	g := NewWithT(t)
	cluster := New(newCheckout(t, "checkout"), "/programs", io.Discard)
	g.Expect(cluster.digest([]byte("a"))).NotTo(Equal(cluster.digest([]byte("b"))))
	g.Expect(cluster.digest([]byte("a"))).To(Equal(cluster.digest([]byte("a"))))
}

func TestDead(t *testing.T) {
	g := NewWithT(t)
	g.Expect(dead(nil)).To(Equal(components))
	g.Expect(dead([]processes.Process{
		{Args: []string{"/x/bin/etcd"}}, {Args: []string{"/x/bin/kube-apiserver"}}, {Args: []string{"/x/bin/kwok-controller"}},
	})).To(Equal([]string{"kube-controller-manager", "kube-scheduler"}))
}

func TestPathWithASpaceIsRefused(t *testing.T) {
	cluster := New(newCheckout(t, "my checkout"), "/programs", io.Discard)
	_, err := cluster.Up(t.Context())
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("move the checkout")))
}

func TestDownOfNothing(t *testing.T) {
	cluster := New(newCheckout(t, "checkout"), "", io.Discard)
	NewWithT(t).Expect(cluster.Down(t.Context())).To(Succeed())
}

func TestEmbeddedManifests(t *testing.T) {
	g := NewWithT(t)
	parsed, err := manifests.Parse(nodes)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(len(parsed)).To(BeNumerically(">=", 2))
	g.Expect(manifests.Without(parsed, "Node")).To(BeEmpty())
}
