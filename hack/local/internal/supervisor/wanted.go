// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package supervisor keeps the instances of the operator running: a process of its own that starts them, starts them
// again when they end, and stops them gracefully.
//
// It is told what to run by a file, and tells what it runs by another one, so that whoever wants to know can look.
package supervisor

import (
	"slices"
	"strings"
	"time"
)

// Instance is a process that shall run.
type Instance struct {
	// Name is unique among the instances.
	Name string `json:"name"`
	// Command is the program, by its absolute path, and its arguments.
	Command []string `json:"command"`
	// Folder is where its log, its pid file and whatever else is its own lie.
	Folder string `json:"folder"`
	// ServiceAccount is whose token it gets, as NAMESPACE/NAME.
	ServiceAccount string `json:"serviceAccount"`
	// CPU is the number of processors that it may use; 0 for all that there are.
	CPU float64 `json:"cpu,omitempty"`
	// Digest names everything that it depends on: an instance is restarted when it changes.
	Digest string `json:"digest"`
}

// Wanted is all that shall run.
type Wanted struct {
	// Generation grows with every change.
	Generation int64 `json:"generation"`
	// Instances may be empty.
	Instances []Instance `json:"instances"`
	// Crash names instances that are not wanted any more and shall not be stopped gracefully either.
	Crash []string `json:"crash,omitempty"`
}

// State tells what became of an instance.
type State string

const (
	// Running instances have a process. They may not be ready yet.
	Running State = "Running"
	// Waiting instances have no process: they could not be started, or ended, and are started again soon.
	Waiting State = "Waiting"
)

// InstanceStatus is what the supervisor knows about an instance.
type InstanceStatus struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Digest string `json:"digest"`
	// PID is 0 unless the instance is running.
	PID int `json:"pid,omitempty"`
	// Since is when the state was entered.
	Since time.Time `json:"since"`
	// Restarts counts the processes of the instance before this one.
	Restarts int `json:"restarts"`
	// Reason is how the process before ended, or why none could be started; empty if all went well so far.
	Reason string `json:"reason,omitempty"`
}

// Status is what the supervisor runs.
type Status struct {
	// PID is the process of the supervisor itself.
	PID int `json:"pid"`
	// Version names the program of the supervisor.
	Version string `json:"version"`
	// Generation is the last one that was acted upon: what was to be stopped ended, what was to run is being started.
	Generation int64 `json:"generation"`
	// Instances are sorted by name.
	Instances []InstanceStatus `json:"instances"`
}

// diff returns what has to be stopped and what has to be started to get from what runs, by the digest of each name, to
// what is wanted. An instance that changed is in both.
func diff(running map[string]string, wanted []Instance) (stop []string, start []Instance) {
	unchanged := map[string]bool{}
	for _, instance := range wanted {
		if digest, ok := running[instance.Name]; ok && digest == instance.Digest {
			unchanged[instance.Name] = true
		} else {
			start = append(start, instance)
		}
	}
	for name := range running {
		if !unchanged[name] {
			stop = append(stop, name)
		}
	}
	slices.Sort(stop)
	slices.SortFunc(start, func(a, b Instance) int { return strings.Compare(a.Name, b.Name) })
	return stop, start
}
