// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package record writes down what a run measures: as files in a folder, and as metrics for Prometheus.
package record

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

// Folder is a folder of results that is being written. It lies beside the place where it will be, under another name,
// until it is complete.
type Folder struct {
	path, partial string
}

// NewFolder begins a folder, whose path must be free. The folders above it are made.
func NewFolder(path string) (*Folder, error) {
	if err := Free(path); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of the results: %w", err)
	}
	partial, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+"-incomplete-")
	if err != nil {
		return nil, fmt.Errorf("making the folder of the results: %w", err)
	}
	return &Folder{path: path, partial: partial}, nil
}

// Free returns an error if there is something at the path already.
func Free(path string) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already: results are never overwritten", path)
	} else if !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("looking for the folder of the results: %w", err)
	}
	return nil
}

// Path is where the folder will be.
func (f *Folder) Path() string { return f.path }

// write writes a file as a whole, down to the disk.
func (f *Folder) write(name string, content []byte) error {
	file, err := os.Create(filepath.Join(f.partial, name))
	if err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

// Complete adds the result, and gives the folder its name.
func (f *Folder) Complete(r result.Result) error {
	content, err := r.Encode()
	if err != nil {
		return err
	}
	if err := f.write(result.File, content); err != nil {
		return err
	}
	// Without this, the folder would be for its owner only, like all temporary ones.
	if err := os.Chmod(f.partial, 0o755); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	if err := Free(f.path); err != nil {
		return err
	}
	if err := os.Rename(f.partial, f.path); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

// Discard removes the folder unless it is complete.
func (f *Folder) Discard() error {
	if err := os.RemoveAll(f.partial); err != nil {
		return fmt.Errorf("removing incomplete results: %w", err)
	}
	return nil
}
