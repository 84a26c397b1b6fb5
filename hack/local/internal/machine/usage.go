// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package machine

import (
	"context"
	"fmt"

	"github.com/shirou/gopsutil/v4/process"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
)

// Usage is what an instance took of the machine.
type Usage struct {
	Instance string `json:"instance"`
	// Leads holds for the instance that is the sharder that leads.
	Leads bool `json:"leads,omitempty"`
	// RSS is the resident memory in bytes.
	RSS uint64 `json:"rssBytes"`
	// Anonymous are those among them that are the process's own; the others are parts of the program's file, which all its
	// instances share. 0 where the operating system does not tell.
	Anonymous uint64 `json:"anonymousBytes,omitempty"`
	// CPU is the processor time in seconds.
	CPU float64 `json:"cpuSeconds"`
}

// UsageOf returns what each instance took of the machine since it started.
func UsageOf(ctx context.Context, folder supervisor.Folder) ([]Usage, error) {
	status, err := folder.Status()
	if err != nil {
		return nil, err
	}
	if status == nil {
		return nil, fmt.Errorf("asking what the instances take: none runs")
	}
	var all []Usage
	for _, instance := range status.Instances {
		handle, err := process.NewProcessWithContext(ctx, int32(instance.PID)) //nolint:gosec // the kernel's own limit is lower
		if err != nil {
			return nil, fmt.Errorf("asking what %s takes: %w", instance.Name, err)
		}
		memory, err := handle.MemoryInfoWithContext(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking what %s takes: %w", instance.Name, err)
		}
		times, err := handle.TimesWithContext(ctx)
		if err != nil {
			return nil, fmt.Errorf("asking what %s takes: %w", instance.Name, err)
		}
		all = append(all, Usage{
			Instance: instance.Name, RSS: memory.RSS, Anonymous: anonymous(ctx, handle), CPU: times.User + times.System,
		})
	}
	return all, nil
}

// anonymous returns 0 if it cannot be found out.
func anonymous(ctx context.Context, handle *process.Process) uint64 {
	maps, err := handle.MemoryMapsWithContext(ctx, true)
	if err != nil || maps == nil || len(*maps) == 0 {
		return 0
	}
	return (*maps)[0].Anonymous << 10
}

// Since subtracts the processor time that was taken before.
func Since(before, after []Usage) []Usage {
	earlier := map[string]float64{}
	for _, usage := range before {
		earlier[usage.Instance] = usage.CPU
	}
	difference := make([]Usage, 0, len(after))
	for _, usage := range after {
		usage.CPU -= earlier[usage.Instance]
		difference = append(difference, usage)
	}
	return difference
}
