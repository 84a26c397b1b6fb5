// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write writes the result of each query that returned something to a file in the folder, which it creates if need be, and
// returns the paths by the names of the queries. The files appear when all of them are complete, so that those of a run
// that was broken off, or that the disk had no room for, are not taken for results.
func Write(folder, prefix string, results []Result) (map[string]string, error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, fmt.Errorf("writing the results: %w", err)
	}
	unfinished := map[string]string{}
	defer func() {
		for temporary := range unfinished {
			_ = os.Remove(temporary)
		}
	}()
	paths := map[string]string{}
	for _, result := range results {
		if len(result.Values) == 0 {
			continue
		}
		content, err := CSV(result.Values)
		if err != nil {
			return nil, err
		}
		path := filepath.Join(folder, prefix+result.Query.Name+".csv")
		temporary, err := writeBeside(path, content)
		if temporary != "" {
			unfinished[temporary] = path
		}
		if err != nil {
			return nil, fmt.Errorf("writing the results: %w", err)
		}
		paths[result.Query.Name] = path
	}
	for temporary, path := range unfinished {
		if err := os.Rename(temporary, path); err != nil {
			return nil, fmt.Errorf("writing the results: %w", err)
		}
		delete(unfinished, temporary)
	}
	return paths, nil
}

// writeBeside writes the content to a new file in the folder of the path. If that fails, the file may be there all the same.
func writeBeside(path string, content []byte) (string, error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	return file.Name(), errors.Join(err, file.Chmod(0o644), file.Close())
}
