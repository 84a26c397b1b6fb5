// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// folder gets its name when everything is in it.
type folder struct{ final, partial string }

func newFolder(path string) (*folder, error) {
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("%s is there already: results are never overwritten", path)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("making the folder of the results: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of the results: %w", err)
	}
	partial, err := os.MkdirTemp(filepath.Dir(path), "."+filepath.Base(path)+"-incomplete-")
	if err != nil {
		return nil, fmt.Errorf("making the folder of the results: %w", err)
	}
	return &folder{final: path, partial: partial}, nil
}

func (f *folder) path(name string) string { return filepath.Join(f.partial, name) }

func (f *folder) writeJSON(name string, value any) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	if err := os.WriteFile(f.path(name), append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

func (f *folder) complete() error {
	// Temporary folders are for their owner only.
	if err := errors.Join(os.Chmod(f.partial, 0o755), os.Rename(f.partial, f.final)); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

// discard removes what is not complete.
func (f *folder) discard() { _ = os.RemoveAll(f.partial) }
