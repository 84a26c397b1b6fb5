// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package processes finds and ends processes of this checkout.
//
// It goes by what a process runs, never by a number in a file alone: numbers are reused, so that a file that a crash
// left behind may name a stranger, and a process whose file was never written would be missed.
package processes

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/shirou/gopsutil/v4/process"
)

// pollInterval is how often End looks whether the processes are gone.
const pollInterval = 20 * time.Millisecond

// Process is a process of this machine that was running when it was looked up.
type Process struct {
	PID int
	// Args is the command line, with the program first; never empty.
	Args []string

	handle *process.Process
}

// Program is the file name of the program that the process runs.
func (p Process) Program() string { return filepath.Base(p.Args[0]) }

// InFolder matches processes whose program lies in the folder, or below it.
func InFolder(folder string) func(Process) bool {
	return func(p Process) bool {
		return strings.HasPrefix(p.Args[0], folder+string(filepath.Separator))
	}
}

// WithArgument matches processes that run the program and were given an argument that contains the text.
func WithArgument(program, text string) func(Process) bool {
	return func(p Process) bool {
		return p.Args[0] == program &&
			slices.ContainsFunc(p.Args[1:], func(arg string) bool { return strings.Contains(arg, text) })
	}
}

// Find returns the processes that match, which is none at all in the usual case of nothing left over. Processes that
// ended but were not collected by their parent are left out.
func Find(ctx context.Context, match func(Process) bool) ([]Process, error) {
	all, err := process.ProcessesWithContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the processes of this machine: %w", err)
	}
	var found []Process
	for _, handle := range all {
		// Processes come and go while we look, and those of other users may be hidden: neither is ours.
		args, err := handle.CmdlineSliceWithContext(ctx)
		if err != nil || len(args) == 0 {
			continue
		}
		p := Process{PID: int(handle.Pid), Args: args, handle: handle}
		if p.PID != os.Getpid() && match(p) {
			found = append(found, p)
		}
	}
	return found, nil
}

// End asks the processes to end, and ends those that are still there after the grace by force. With no grace it does
// so at once. It returns when all of them are gone.
func End(ctx context.Context, grace time.Duration, processes ...Process) error {
	signal := syscall.SIGTERM
	if grace <= 0 {
		signal = syscall.SIGKILL
	}
	for _, p := range processes {
		if err := p.signal(signal); err != nil {
			return err
		}
	}
	if waitGone(ctx, grace, processes) {
		return nil
	}
	for _, p := range processes {
		if err := p.signal(syscall.SIGKILL); err != nil {
			return err
		}
	}
	if !waitGone(ctx, 10*time.Second, processes) {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("these processes do not end: %s", describe(processes))
	}
	return nil
}

func (p Process) signal(signal syscall.Signal) error {
	if p.gone() {
		return nil
	}
	err := syscall.Kill(p.PID, signal)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("ending process %d (%s): %w", p.PID, p.Program(), err)
	}
	return nil
}

// gone holds when the process ended, even if its number belongs to another process by now or its parent has not
// collected it yet.
func (p Process) gone() bool {
	running, err := p.handle.IsRunning()
	if err != nil || !running {
		return true
	}
	args, err := p.handle.CmdlineSlice()
	return err != nil || len(args) == 0
}

func waitGone(ctx context.Context, limit time.Duration, processes []Process) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		if !slices.ContainsFunc(processes, func(p Process) bool { return !p.gone() }) {
			return true
		}
		select {
		case <-ctx.Done():
			return false
		case <-ticker.C:
		}
	}
}

func describe(processes []Process) string {
	var parts []string
	for _, p := range processes {
		parts = append(parts, fmt.Sprintf("%d (%s)", p.PID, p.Program()))
	}
	return strings.Join(parts, ", ")
}
