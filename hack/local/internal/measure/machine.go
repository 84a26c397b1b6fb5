// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"github.com/shirou/gopsutil/v4/cpu"
	"github.com/shirou/gopsutil/v4/load"
	coordinationv1 "k8s.io/api/coordination/v1"
	"k8s.io/client-go/discovery"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
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

// machine describes the machine. What cannot be found out stays empty.
func (m *Measurement) machine(ctx context.Context) Machine {
	machine := Machine{
		Cores: runtime.NumCPU(), OS: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version(), Load: loadAverage(ctx),
	}
	if processors, err := cpu.InfoWithContext(ctx); err == nil && len(processors) > 0 {
		machine.CPU = processors[0].ModelName
	}
	git := func(arguments ...string) (string, error) {
		out, err := exec.CommandContext(ctx, "git", append([]string{"-C", m.Checkout.Path("")}, arguments...)...).Output()
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

// loadAverage is the machine's load average of the last minute; 0 where there is none.
func loadAverage(ctx context.Context) float64 {
	average, err := load.AvgWithContext(ctx)
	if err != nil {
		return 0
	}
	return average.Load1
}

// kubernetes returns the version of the API server.
func (m *Measurement) kubernetes() (string, error) {
	config, err := kube.Config(m.Checkout.Kubeconfig())
	if err != nil {
		return "", err
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return "", fmt.Errorf("asking for the version of Kubernetes: %w", err)
	}
	version, err := client.ServerVersion()
	if err != nil {
		return "", fmt.Errorf("asking for the version of Kubernetes: %w", err)
	}
	return version.GitVersion, nil
}

// leaseDurations returns the durations of the operator's leases in seconds, by name.
func (m *Measurement) leaseDurations(ctx context.Context) (map[string]int32, error) {
	list := &coordinationv1.LeaseList{}
	if err := m.client.List(ctx, list, client.InNamespace(operator.Namespace)); err != nil {
		return nil, fmt.Errorf("listing the operator's leases: %w", err)
	}
	durations := map[string]int32{}
	for _, lease := range list.Items {
		if lease.Spec.LeaseDurationSeconds != nil {
			durations[lease.Name] = *lease.Spec.LeaseDurationSeconds
		}
	}
	return durations, nil
}
