// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package programs

import (
	"os"
	"testing"

	. "github.com/onsi/gomega"
)

func TestSelect(t *testing.T) {
	g := NewWithT(t)

	all, err := Select()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(all).To(Equal(All))

	some, err := Select("kubectl", "etcd")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(some).To(HaveExactElements(HaveField("Name", "kubectl"), HaveField("Name", "etcd")))

	_, err = Select("etcd", "docker")
	g.Expect(err).To(MatchError(SatisfyAll(ContainSubstring(`"docker"`), ContainSubstring("kube-apiserver"))))
}

func TestVersionIsThePinnedOne(t *testing.T) {
	g := NewWithT(t)
	module, err := os.ReadFile("../../../programs/go.mod")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(module)).To(ContainSubstring("k8s.io/kubernetes " + KubernetesVersion + "\n"))
}

func TestDigestFollowsEveryInput(t *testing.T) {
	g := NewWithT(t)
	base := inputs{goMod: []byte("module"), goSum: []byte("sum"), toolchain: "go1.26.0 linux amd64"}

	seen := map[string]bool{base.digest(): true}
	for _, changed := range []inputs{
		{goMod: []byte("modul"), goSum: []byte("sum"), toolchain: base.toolchain},
		{goMod: []byte("modul"), goSum: []byte("esum"), toolchain: base.toolchain},
		{goMod: []byte("module"), goSum: []byte("sum"), toolchain: "go1.26.1 linux amd64"},
		{goMod: []byte("module"), goSum: []byte("sum"), toolchain: "go1.26.0 darwin arm64"},
	} {
		g.Expect(seen).NotTo(HaveKey(changed.digest()))
		seen[changed.digest()] = true
	}
	g.Expect(base.digest()).To(Equal(base.digest()))
}

func TestCacheFolder(t *testing.T) {
	for name, test := range map[string]struct {
		environment map[string]string
		expected    string
	}{
		"the project's own variable wins": {
			environment: map[string]string{"KCS_CACHE": "/own", "XDG_CACHE_HOME": "/xdg", "HOME": "/home/x"},
			expected:    "/own",
		},
		"the user's cache": {
			environment: map[string]string{"XDG_CACHE_HOME": "/xdg", "HOME": "/home/x"},
			expected:    "/xdg/kubernetes-controller-sharding",
		},
		"the usual place": {
			environment: map[string]string{"HOME": "/home/x"},
			expected:    "/home/x/.cache/kubernetes-controller-sharding",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			folder, err := cacheFolder(func(key string) string { return test.environment[key] })
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(folder).To(Equal(test.expected))
		})
	}

	_, err := cacheFolder(func(string) string { return "" })
	NewWithT(t).Expect(err).To(HaveOccurred())
}
