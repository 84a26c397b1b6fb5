// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package supervisor

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"syscall"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/filelock"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/logtail"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

// controlInterval is how often it is looked whether the supervisor did what it was told.
const controlInterval = 50 * time.Millisecond

// Folder is where the files of a supervisor lie.
type Folder string

func (f Folder) lock() string   { return filepath.Join(string(f), "supervisor.lock") }
func (f Folder) wanted() string { return filepath.Join(string(f), "wanted.json") }
func (f Folder) status() string { return filepath.Join(string(f), "status.json") }

// Log is where the supervisor writes its own log.
func (f Folder) Log() string { return filepath.Join(string(f), "supervisor.log") }

// Version names the program that runs: two builds of the same sources have the same.
func Version() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding the program that runs: %w", err)
	}
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading the program that runs: %w", err)
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("reading the program that runs: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil))[:12], nil
}

// Status returns what the supervisor of the folder runs, or nil if no supervisor runs.
func (f Folder) Status() (*Status, error) {
	held, err := filelock.Held(f.lock())
	if err != nil || !held {
		return nil, err
	}
	status := Status{}
	return &status, statefile.Read(f.status(), &status)
}

// Wanted returns what was last set; the zero value if nothing was yet.
func (f Folder) Wanted() (Wanted, error) {
	var wanted Wanted
	return wanted, statefile.Read(f.wanted(), &wanted)
}

// Set has exactly these instances run, starting the supervisor by the command if need be, and returns when that is so:
// what is not wanted any more ended, and the rest is being started. The instances named to crash are killed rather than
// stopped. A supervisor of another version is replaced. It returns whether there was anything to do.
func (f Folder) Set(ctx context.Context, instances []Instance, crash []string, version string, command []string) (bool, error) {
	wanted, err := f.Wanted()
	if err != nil {
		return false, err
	}
	next := Wanted{Generation: wanted.Generation, Instances: instances, Crash: crash}
	if next.Instances == nil {
		next.Instances = []Instance{}
	}
	changed := !reflect.DeepEqual(next, wanted)
	if changed {
		next.Generation++
		if err := statefile.Write(f.wanted(), next); err != nil {
			return false, err
		}
	}
	status, err := f.Status()
	if err != nil {
		return false, err
	}
	if status != nil && status.PID != 0 && status.Version != version {
		if err := f.Stop(ctx); err != nil {
			return false, err
		}
		status = nil
	}
	var ended <-chan error
	switch {
	case status == nil:
		changed = true
		if ended, err = f.launch(command); err != nil {
			return false, err
		}
	case status.PID != 0 && status.Generation != next.Generation:
		changed = true
		if err := syscall.Kill(status.PID, syscall.SIGHUP); err != nil {
			return false, fmt.Errorf("telling the supervisor what is wanted: %w", err)
		}
	}
	return changed, f.waitFor(ctx, next.Generation, ended)
}

// Stop ends the supervisor and with it the instances, which stop gracefully. No supervisor is fine.
func (f Folder) Stop(ctx context.Context) error {
	ticker := time.NewTicker(controlInterval)
	defer ticker.Stop()
	for signalled := 0; ; {
		status, err := f.Status()
		if err != nil || status == nil {
			return err
		}
		if status.PID != 0 && status.PID != signalled {
			if err := syscall.Kill(status.PID, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("stopping the supervisor: %w", err)
			}
			signalled = status.PID
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("stopping the supervisor: %w", ctx.Err())
		case <-ticker.C:
		}
	}
}

// launch starts a supervisor that outlives this process.
func (f Folder) launch(command []string) (<-chan error, error) {
	log, err := os.OpenFile(f.Log(), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("starting the supervisor: %w", err)
	}
	defer log.Close()
	// The status of one that was killed would be taken for this one's.
	if err := os.Remove(f.status()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("starting the supervisor: %w", err)
	}
	supervisor := exec.Command(command[0], command[1:]...)
	supervisor.Stdout, supervisor.Stderr = log, log
	supervisor.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := supervisor.Start(); err != nil {
		return nil, fmt.Errorf("starting the supervisor: %w", err)
	}
	ended := make(chan error, 1)
	go func() {
		// That it ended is wrong, even if it says that all went well.
		ended <- cmp.Or(supervisor.Wait(), errors.New("exit status 0"))
	}()
	return ended, nil
}

func (f Folder) waitFor(ctx context.Context, generation int64, ended <-chan error) error {
	ticker := time.NewTicker(controlInterval)
	defer ticker.Stop()
	for {
		status, err := f.Status()
		if err != nil {
			return err
		}
		if status != nil && status.PID != 0 && status.Generation == generation {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the supervisor: %w", ctx.Err())
		case err := <-ended:
			return fmt.Errorf("the supervisor ended, the end of %s:\n%s\n%w", f.Log(), logtail.Tail(f.Log(), 10), err)
		case <-ticker.C:
		}
	}
}
