// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package processes_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/processes"
)

// start runs a script of the shell from a folder of its own, and returns the path of its program.
func start(t *testing.T, script string) string {
	t.Helper()
	g := NewWithT(t)
	shell, err := exec.LookPath("sh")
	g.Expect(err).NotTo(HaveOccurred())
	program := filepath.Join(t.TempDir(), "program")
	g.Expect(os.Symlink(shell, program)).To(Succeed())

	command := exec.Command(program, "-c", script, "--marked")
	g.Expect(command.Start()).To(Succeed())
	collected := make(chan struct{})
	go func() { _ = command.Wait(); close(collected) }()
	t.Cleanup(func() { _ = command.Process.Kill(); <-collected })
	g.Eventually(func() ([]processes.Process, error) {
		return processes.Find(t.Context(), processes.InFolder(filepath.Dir(program)))
	}).Should(HaveLen(1))
	return program
}

func TestFindByFolderAndByArgument(t *testing.T) {
	g := NewWithT(t)
	program := start(t, "while :; do sleep 0.05; done")

	found, err := processes.Find(t.Context(), processes.WithArgument(program, "marked"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(HaveLen(1))
	g.Expect(found[0].Program()).To(Equal("program"))

	found, err = processes.Find(t.Context(), processes.WithArgument(program, "something else"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(BeEmpty())
}

func TestFolderIsNotAPrefixOfAName(t *testing.T) {
	g := NewWithT(t)
	program := start(t, "while :; do sleep 0.05; done")

	folder := filepath.Dir(program)
	found, err := processes.Find(t.Context(), processes.InFolder(folder[:len(folder)-1]))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(BeEmpty())
}

func TestEnd(t *testing.T) {
	for name, test := range map[string]struct {
		script string
		grace  time.Duration
	}{
		"by request":                  {script: "while :; do sleep 0.05; done", grace: 10 * time.Second},
		"by force when it is ignored": {script: "trap '' TERM; while :; do sleep 0.05; done", grace: 200 * time.Millisecond},
		"by force at once":            {script: "trap '' TERM; while :; do sleep 0.05; done"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			program := start(t, test.script)
			found, err := processes.Find(t.Context(), processes.InFolder(filepath.Dir(program)))
			g.Expect(err).NotTo(HaveOccurred())

			g.Expect(processes.End(t.Context(), test.grace, found...)).To(Succeed())

			found, err = processes.Find(t.Context(), processes.InFolder(filepath.Dir(program)))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(found).To(BeEmpty())
		})
	}
}

func TestEndOfNothing(t *testing.T) {
	NewWithT(t).Expect(processes.End(t.Context(), time.Second)).To(Succeed())
}
