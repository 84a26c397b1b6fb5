// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package cpushare holds a process to a share of the machine's processors, by a control group of Linux, version 2 or 1. The
// kernel lets the threads of the group run for a part of each period and then stops them until the next one.
package cpushare

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	// shortest is a fifth of the kernel's default period, so that a process that used up its share waits for some milliseconds
	// only. Longer waits would show in the latencies that are measured.
	shortest = 20 * time.Millisecond
	// leastQuota is the least that the kernel accepts. Shares for which it is too much have longer periods.
	leastQuota = time.Millisecond
	// smallest has the kernel's default period.
	smallest = 0.01
)

// ErrUnavailable is returned where there are no control groups that this process may change.
var ErrUnavailable = errors.New(
	"processes cannot be held to a share of the processors here: that needs Linux, and the right to make control groups (root has it)")

// Tree is where the system shows its control groups.
type Tree string

// System is the one of this machine.
const System Tree = "/sys/fs/cgroup"

// Check fails if no process could be held to the share, which is in processors.
func Check(share float64) error {
	if share < smallest {
		return fmt.Errorf("a share must be at least %g processors, not %g", smallest, share)
	}
	group, err := System.group("kcs-check-" + strconv.Itoa(os.Getpid()))
	if err != nil {
		return err
	}
	return group.remove()
}

// Hold holds the process to the share, which is in processors, in a group of that name. The function that it returns
// removes the group; the process has to have ended.
func (t Tree) Hold(name string, pid int, share float64) (release func() error, err error) {
	group, err := t.group(name)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(group.limit(share), write(group.folder, "cgroup.procs", strconv.Itoa(pid))); err != nil {
		_ = group.remove()
		return nil, fmt.Errorf("holding process %d to %g processors: %w", pid, share, err)
	}
	return group.remove, nil
}

type group struct {
	folder string
	second bool // version 2
}

// group makes a group, or takes the one of that name that is there.
func (t Tree) group(name string) (group, error) {
	var g group
	switch {
	case t.hasSecond():
		g = group{folder: filepath.Join(string(t), name), second: true}
		// Groups have a controller only if their parent hands it on, which it may do already.
		_ = write(string(t), "cgroup.subtree_control", "+cpu")
	case exists(filepath.Join(string(t), "cpu", "cpu.cfs_quota_us")):
		g = group{folder: filepath.Join(string(t), "cpu", name)}
	default:
		return g, ErrUnavailable
	}
	if err := os.Mkdir(g.folder, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return g, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return g, nil
}

func (t Tree) hasSecond() bool {
	controllers, err := os.ReadFile(filepath.Join(string(t), "cgroup.controllers"))
	return err == nil && slices.Contains(strings.Fields(string(controllers)), "cpu")
}

func (g group) limit(share float64) error {
	period := max(shortest, time.Duration(float64(leastQuota)/share))
	quota := strconv.Itoa(int(math.Round(share * float64(period.Microseconds()))))
	length := strconv.FormatInt(period.Microseconds(), 10)
	if g.second {
		return write(g.folder, "cpu.max", quota+" "+length)
	}
	return errors.Join(write(g.folder, "cpu.cfs_period_us", length), write(g.folder, "cpu.cfs_quota_us", quota))
}

func (g group) remove() error {
	if err := os.Remove(g.folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing a control group: %w", err)
	}
	return nil
}

// write writes to one of the files that the kernel made.
func write(folder, name, content string) error {
	return os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
