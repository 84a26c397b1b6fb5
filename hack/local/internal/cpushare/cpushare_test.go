// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cpushare

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/shirou/gopsutil/v4/process"
)

func TestShares(t *testing.T) {
	for name, c := range map[string]struct {
		share    float64
		there    map[string]string
		expected map[string]string
	}{
		"version 2": {
			share:    0.25,
			there:    map[string]string{"cgroup.controllers": "cpuset cpu memory\n"},
			expected: map[string]string{"cgroup.subtree_control": "+cpu", "x/cpu.max": "5000 20000", "x/cgroup.procs": "42"},
		},
		"of which the least quota is too much in a short period": {
			share:    0.025,
			there:    map[string]string{"cgroup.controllers": "cpu\n"},
			expected: map[string]string{"x/cpu.max": "1000 40000"},
		},
		"version 1": {
			share:    0.25,
			there:    map[string]string{"cpu/cpu.cfs_quota_us": "-1\n"},
			expected: map[string]string{"cpu/x/cpu.cfs_period_us": "20000", "cpu/x/cpu.cfs_quota_us": "5000", "cpu/x/cgroup.procs": "42"},
		},
		"version 2 without the controller, beside version 1": {
			share:    0.25,
			there:    map[string]string{"cgroup.controllers": "hugetlb\n", "cpu/cpu.cfs_quota_us": "-1\n"},
			expected: map[string]string{"cpu/x/cpu.cfs_quota_us": "5000"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			root := t.TempDir()
			for file, content := range c.there {
				g.Expect(os.MkdirAll(filepath.Dir(filepath.Join(root, file)), 0o700)).To(Succeed())
				g.Expect(os.WriteFile(filepath.Join(root, file), []byte(content), 0o600)).To(Succeed())
			}
			_, err := Tree(root).Hold("x", 42, c.share)
			g.Expect(err).NotTo(HaveOccurred())
			for file, content := range c.expected {
				g.Expect(os.ReadFile(filepath.Join(root, file))).To(BeEquivalentTo(content), file)
			}
		})
	}
}

func TestWithoutControlGroups(t *testing.T) {
	g := NewWithT(t)
	_, err := Tree(t.TempDir()).Hold("x", 42, 0.25)
	g.Expect(err).To(MatchError(ErrUnavailable))
	g.Expect(Check(0.001)).To(MatchError(ContainSubstring("at least 0.01")))
}

// The kernel itself holds a busy process to its share.
func TestTheKernelHolds(t *testing.T) {
	g := NewWithT(t)
	if err := Check(0.25); errors.Is(err, ErrUnavailable) {
		t.Logf("NOT TESTED: %v", err)
		return
	}
	busy := exec.CommandContext(t.Context(), "sh", "-c", "while :; do :; done")
	g.Expect(busy.Start()).To(Succeed())
	release, err := System.Hold("kcs-test-"+strings.ReplaceAll(filepath.Base(t.TempDir()), "/", ""), busy.Process.Pid, 0.25)
	g.Expect(err).NotTo(HaveOccurred())
	handle, err := process.NewProcess(int32(busy.Process.Pid))
	g.Expect(err).NotTo(HaveOccurred())
	used := func() float64 {
		times, err := handle.Times()
		g.Expect(err).NotTo(HaveOccurred())
		return times.User + times.System
	}
	begin, before := time.Now(), used()
	g.Eventually(func() float64 { return used() - before }).WithTimeout(time.Minute).Should(BeNumerically(">=", 0.25))
	g.Expect((used() - before) / time.Since(begin).Seconds()).To(BeNumerically("<=", 0.3))

	g.Expect(busy.Process.Kill()).To(Succeed())
	_ = busy.Wait()
	g.Expect(release()).To(Succeed())
}
