// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// Local is instances that are processes of the local cluster, which the command local runs.
type Local struct {
	// Command is the path of the command local, and Folder the checkout whose cluster it is.
	Command, Folder string
}

var _ Fleet = Local{}

// status is the part of what `local status -o json` tells that is needed here.
type status struct {
	Mode      string `json:"mode"`
	Shards    int    `json:"shards"`
	Instances []struct {
		Name  string `json:"name"`
		Role  string `json:"role"`
		State string `json:"state"`
		Ready bool   `json:"ready"`
	} `json:"instances"`
}

// unhealthy is the exit code of `local status` if something is wrong, which it is while a shard is dead.
const unhealthy = 3

// Shards implements Fleet.
func (l Local) Shards(ctx context.Context) ([]string, error) {
	s, err := l.status(ctx)
	if err != nil {
		return nil, err
	}
	return s.running(), nil
}

func (s status) running() []string {
	var names []string
	for _, instance := range s.Instances {
		if instance.Role == "shard" && instance.Ready {
			names = append(names, instance.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Scale implements Fleet. The samples of the local cluster would be load that nobody asked for.
func (l Local) Scale(ctx context.Context, shards int) error {
	s, err := l.status(ctx)
	if err != nil {
		return err
	}
	if s.Mode == "singleton" {
		return errors.New("the local cluster runs one instance for all, which cannot be scaled: start it in the mode sharded or dedicated")
	}
	_, err = l.run(ctx, "up", "--mode", s.Mode, "--shards", strconv.Itoa(shards), "--samples=false")
	return err
}

// Kill implements Fleet.
func (l Local) Kill(ctx context.Context, shard string) error {
	_, err := l.run(ctx, "kill", shard)
	return err
}

// Restore implements Fleet.
func (l Local) Restore(ctx context.Context) error {
	_, err := l.run(ctx, "start")
	return err
}

// Restart implements Fleet.
func (l Local) Restart(ctx context.Context) error {
	shards, err := l.Shards(ctx)
	if err != nil {
		return err
	}
	for _, shard := range shards {
		if _, err := l.run(ctx, "restart", shard); err != nil {
			return err
		}
	}
	return nil
}

func (l Local) status(ctx context.Context) (status, error) {
	var s status
	out, err := l.run(ctx, "status", "-o", "json")
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() == unhealthy {
		err = nil
	}
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(out, &s); err != nil {
		return s, fmt.Errorf("reading what the local cluster runs: %w", err)
	}
	return s, nil
}

func (l Local) run(ctx context.Context, arguments ...string) ([]byte, error) {
	var out, failure bytes.Buffer
	command := exec.CommandContext(ctx, l.Command, arguments...)
	command.Dir, command.Stdout, command.Stderr = l.Folder, &out, &failure
	if err := command.Run(); err != nil {
		return out.Bytes(), fmt.Errorf("%s %s: %w: %s", l.Command, strings.Join(arguments, " "), err, strings.TrimSpace(failure.String()))
	}
	return out.Bytes(), nil
}
