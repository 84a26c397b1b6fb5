// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package filelock keeps two processes from doing the same thing at once. The operating system drops a lock when its
// holder ends, however it ends, so that no stale lock is ever left behind.
package filelock

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// pollInterval is how often a waiting process looks whether the lock is free.
const pollInterval = 100 * time.Millisecond

// Lock is a lock that is held.
type Lock struct {
	flock *flock.Flock
}

// Acquire takes the lock on the file, which it creates with its folder if need be. If another process holds the lock,
// it calls waiting once and then waits until the lock is free or the context ends.
func Acquire(ctx context.Context, path string, waiting func()) (*Lock, error) {
	lock, err := Try(path)
	if err != nil || lock != nil {
		return lock, err
	}
	waiting()
	file := flock.New(path)
	if _, err := file.TryLockContext(ctx, pollInterval); err != nil {
		return nil, fmt.Errorf("waiting for the lock %s: %w", path, err)
	}
	return &Lock{flock: file}, nil
}

// Try takes the lock on the file, which it creates with its folder if need be. It returns nil if another process holds
// the lock.
func Try(path string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("creating the folder of a lock: %w", err)
	}
	file := flock.New(path)
	locked, err := file.TryLock()
	if err != nil {
		return nil, fmt.Errorf("taking the lock %s: %w", path, err)
	}
	if !locked {
		return nil, nil
	}
	return &Lock{flock: file}, nil
}

// Held reports whether a process holds the lock on the file. Unlike trying to take it, asking gets in nobody's way.
func Held(path string) (bool, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	file := flock.New(path)
	free, err := file.TryRLock()
	if err != nil {
		return false, fmt.Errorf("asking for the lock %s: %w", path, err)
	}
	if free {
		return false, file.Unlock()
	}
	return true, nil
}

// Release gives the lock back. The file stays, since removing it could leave two holders.
func (l *Lock) Release() {
	_ = l.flock.Unlock()
}
