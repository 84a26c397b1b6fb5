// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package checkout_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
)

func newCheckout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	g := NewWithT(t)
	g.Expect(os.MkdirAll(filepath.Join(root, "hack", "programs"), 0o755)).To(Succeed())
	g.Expect(os.WriteFile(filepath.Join(root, "hack", "programs", "go.mod"), nil, 0o644)).To(Succeed())
	return root
}

func TestFindFromAFolderBelow(t *testing.T) {
	g := NewWithT(t)
	root := newCheckout(t)

	fromRoot, err := checkout.Find(root)
	g.Expect(err).NotTo(HaveOccurred())
	fromBelow, err := checkout.Find(filepath.Join(root, "hack"))
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(fromBelow).To(Equal(fromRoot))
}

func TestFindThroughASymbolicLinkIsTheSameCheckout(t *testing.T) {
	g := NewWithT(t)
	root := newCheckout(t)
	link := filepath.Join(t.TempDir(), "link")
	g.Expect(os.Symlink(root, link)).To(Succeed())

	direct, err := checkout.Find(root)
	g.Expect(err).NotTo(HaveOccurred())
	linked, err := checkout.Find(link)
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(linked.Name()).To(Equal(direct.Name()))
	g.Expect(linked.Kubeconfig()).To(Equal(direct.Kubeconfig()))
}

func TestFindOutsideSaysWhatIsMissing(t *testing.T) {
	_, err := checkout.Find(t.TempDir())
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("is not inside a checkout")))
}

func TestNamesDifferBetweenCheckouts(t *testing.T) {
	g := NewWithT(t)
	one, err := checkout.Find(newCheckout(t))
	g.Expect(err).NotTo(HaveOccurred())
	other, err := checkout.Find(newCheckout(t))
	g.Expect(err).NotTo(HaveOccurred())

	g.Expect(one.Name()).NotTo(Equal(other.Name()))
	g.Expect(one.Name()).To(MatchRegexp("^sharding-[0-9a-f]{6}$"))
}
