// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package target_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/target"
)

func TestConnectNeverGuesses(t *testing.T) {
	g := NewWithT(t)
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("KUBECONFIG", "")
	g.Expect(os.MkdirAll(filepath.Join(home, ".kube"), 0o750)).To(Succeed())
	g.Expect(os.WriteFile(filepath.Join(home, ".kube", "config"), []byte(unreachable), 0o600)).To(Succeed())

	_, err := target.Connect(t.Context(), filepath.Join(home, "nothing"))
	g.Expect(err).To(MatchError(And(ContainSubstring("KUBECONFIG"), ContainSubstring("make kind-up"))))
}

func TestConnectSaysWhichClusterDoesNotAnswer(t *testing.T) {
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	g.Expect(os.WriteFile(file, []byte(unreachable), 0o600)).To(Succeed())

	t.Setenv("KUBECONFIG", "")
	_, err := target.Connect(t.Context(), file)
	g.Expect(err).To(MatchError(And(ContainSubstring("no cluster answers at https://127.0.0.1:1"), ContainSubstring(`"far"`))))

	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "missing"))
	_, err = target.Connect(t.Context(), file)
	g.Expect(err).To(MatchError(ContainSubstring(os.Getenv("KUBECONFIG"))), "what is asked for is used, and nothing else")
}

const unreachable = `
apiVersion: v1
kind: Config
current-context: far
clusters:
- {name: far, cluster: {server: "https://127.0.0.1:1"}}
contexts:
- {name: far, context: {cluster: far, user: me}}
users:
- {name: me, user: {token: x}}
`
