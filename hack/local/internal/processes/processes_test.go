// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package processes_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/processes"
)

// These are the first argument of this very test program, when it stands for a process to be found and ended.
const (
	obeys   = "obeys"
	refuses = "refuses"
)

func TestMain(m *testing.M) {
	// Something to wait for that never comes.
	forever := make(chan os.Signal, 1)
	signal.Notify(forever, syscall.SIGUSR1)
	switch os.Args[1] {
	case obeys:
		<-forever
	case refuses:
		signal.Ignore(syscall.SIGTERM)
		fmt.Println("ready")
		<-forever
	default:
		os.Exit(m.Run())
	}
}

// start runs a process whose program lies in a folder of its own, and returns the path of that program.
func start(t *testing.T, behaviour string) string {
	t.Helper()
	g := NewWithT(t)
	self, err := os.Executable()
	g.Expect(err).NotTo(HaveOccurred())
	program := filepath.Join(t.TempDir(), "program")
	g.Expect(os.Symlink(self, program)).To(Succeed())

	command := exec.Command(program, behaviour, "--marked")
	output, err := command.StdoutPipe()
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(command.Start()).To(Succeed())
	if behaviour == refuses {
		_, err := bufio.NewReader(output).ReadString('\n')
		g.Expect(err).NotTo(HaveOccurred())
	}
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
	program := start(t, obeys)

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
	program := start(t, obeys)

	folder := filepath.Dir(program)
	found, err := processes.Find(t.Context(), processes.InFolder(folder[:len(folder)-1]))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(found).To(BeEmpty())
}

func TestEnd(t *testing.T) {
	for name, test := range map[string]struct {
		behaviour string
		grace     time.Duration
	}{
		"by request":                  {behaviour: obeys, grace: 10 * time.Second},
		"by force when it is ignored": {behaviour: refuses, grace: 200 * time.Millisecond},
		"by force at once":            {behaviour: refuses},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			program := start(t, test.behaviour)
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
