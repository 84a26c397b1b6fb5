// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package machine describes the machine and the program that something is measured on, and what the processes of the
// local cluster take of it.
package machine

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/load"
	"github.com/shirou/gopsutil/v4/mem"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
)

// Machine is what was measured, and where.
type Machine struct {
	Cores int    `json:"cores"`
	CPU   string `json:"cpu"`
	OS    string `json:"os"`
	// Load is the load average of the last minute before the measurement: what else the machine was busy with.
	Load       float64 `json:"load"`
	Go         string  `json:"go"`
	Kubernetes string  `json:"kubernetes"`
	// Commit is the one of the checkout, with a plus if files were changed since; empty without git.
	Commit string `json:"commit"`
}

// Describe describes the machine. What cannot be found out stays empty, and so does the version of Kubernetes.
func Describe(ctx context.Context, c checkout.Checkout) Machine {
	machine := Machine{
		Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Load: Load(ctx),
	}
	if processors, err := cpu.InfoWithContext(ctx); err == nil && len(processors) > 0 {
		machine.CPU = processors[0].ModelName
	}
	git := func(arguments ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", c.Path("")}, arguments...)...).Output()
		return strings.TrimSpace(string(out)), err
	}
	if commit, err := git("rev-parse", "--short", "HEAD"); err == nil {
		machine.Commit = commit
		if changed, err := git("status", "--porcelain"); err == nil && changed != "" {
			machine.Commit += "+"
		}
	}
	return machine
}

// String describes it in one line.
func (m Machine) String() string {
	return fmt.Sprintf("%d cores (%s), %s, load average before: %.1f; %s, Kubernetes %s, commit %s",
		m.Cores, m.CPU, m.OS, m.Load, m.Go, m.Kubernetes, m.Commit)
}

// Load is the machine's load average of the last minute; 0 where there is none.
func Load(ctx context.Context) float64 {
	average, err := load.AvgWithContext(ctx)
	if err != nil {
		return 0
	}
	return average.Load1
}

// Memory is how much memory the machine has, in bytes; 0 where that cannot be found out.
func Memory(ctx context.Context) uint64 {
	memory, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil {
		return 0
	}
	return memory.Total
}
