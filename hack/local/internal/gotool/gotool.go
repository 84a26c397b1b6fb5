// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package gotool runs the go command in a module of this project, apart from any workspace.
package gotool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// ErrMissing is returned when there is no go command.
var ErrMissing = errors.New("go is not installed: install Go 1.26 or newer from https://go.dev/dl and put it on the PATH")

// WithoutC keeps the C compiler out: a machine may lack it, and programs that are linked to C's library need more memory.
const WithoutC = "CGO_ENABLED=0"

// stopGrace is how long the go command may take to stop its compilers when it is interrupted.
const stopGrace = 10 * time.Second

// Run runs the go command in the folder of a module. What it prints becomes part of the error if it fails, and is
// dropped otherwise.
func Run(ctx context.Context, module string, arguments ...string) error {
	_, err := run(ctx, module, arguments...)
	return err
}

// Toolchain returns the version of Go that builds the module, with operating system and architecture: all that makes
// two builds of the same sources differ.
func Toolchain(ctx context.Context, module string) (string, error) {
	out, err := run(ctx, module, "env", "GOVERSION", "GOOS", "GOARCH")
	if err != nil {
		return "", fmt.Errorf("finding the version of Go: %w", err)
	}
	return strings.Join(strings.Fields(out), " "), nil
}

func run(ctx context.Context, module string, arguments ...string) (string, error) {
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, "go", arguments...)
	command.Dir = module
	command.Env = append(os.Environ(), "GOWORK=off", WithoutC, "PWD="+module)
	command.Stdout, command.Stderr = &stdout, &stderr
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = stopGrace
	err := command.Run()
	switch {
	case err == nil:
		return stdout.String(), nil
	case errors.Is(err, exec.ErrNotFound):
		return "", ErrMissing
	case ctx.Err() != nil:
		return "", ctx.Err()
	default:
		return "", fmt.Errorf("go %s: %w\n%s", arguments[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
}
