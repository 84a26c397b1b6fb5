// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package logtail shows the end of a log, for messages about a process that failed.
package logtail

import (
	"errors"
	"io"
	"os"
	"strings"
)

// window is how much of the end of a file is looked at.
const window = 64 << 10

// Tail returns the last lines of a file, and nothing if it cannot be read.
func Tail(path string, lines int) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	if _, err := file.Seek(-window, io.SeekEnd); err != nil {
		// Shorter than the window.
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return ""
		}
	}
	content, err := io.ReadAll(io.LimitReader(file, window))
	if err != nil && !errors.Is(err, io.EOF) {
		return ""
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
