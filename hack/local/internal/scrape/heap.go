// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package scrape

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

var errNoHeap = errors.New("the profile does not tell the size of the heap")

// parseHeap reads how many bytes the objects on the heap have from the text form of a heap profile. The lines that tell
// are comments at its end, named after the fields of runtime.MemStats.
func parseHeap(profile io.Reader) (uint64, error) {
	scanner := bufio.NewScanner(profile)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		if value, ok := strings.CutPrefix(scanner.Text(), "# HeapAlloc = "); ok {
			bytes, err := strconv.ParseUint(value, 10, 64)
			if err != nil {
				return 0, fmt.Errorf("reading the size of the heap: %w", err)
			}
			return bytes, nil
		}
	}
	if err := scanner.Err(); err != nil {
		return 0, fmt.Errorf("reading the profile of the heap: %w", err)
	}
	return 0, errNoHeap
}
