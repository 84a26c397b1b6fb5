// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package profiles writes, of all profiles that were taken during a run, those that say what the load cost.
package profiles

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/flamegraph"
)

// Taken is a profile that an instance gave.
type Taken struct {
	Instance string
	Kind     flamegraph.Kind
	// Begin is when it was asked for, and End when it was complete.
	Begin, End time.Time
	Content    []byte
}

// entry says where a flame graph is.
type entry struct {
	Instance string          `json:"instance"`
	Kind     flamegraph.Kind `json:"kind"`
	File     string          `json:"file"`
}

// Write writes two profiles of each instance to the folder, each with its flame graph: where processor time went within the
// load, and what memory was in use at its end, when most websites are there. It writes nothing if nothing was taken.
func Write(folder string, all []Taken, begin, end time.Time) error {
	merged, order := merge(all, begin, end)
	if len(order) == 0 {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("writing profiles: %w", err)
	}
	var index []entry
	for _, of := range order {
		content, err := content(merged[of])
		if err != nil {
			return fmt.Errorf("reading the %s profiles of %s: %w", of.Kind, of.Instance, err)
		}
		name := of.Instance + "-" + string(of.Kind)
		page, err := flamegraph.Draw(name, of.Kind, content)
		if err != nil {
			return err
		}
		of.File = name + ".html"
		index = append(index, of)
		for file, content := range map[string][]byte{name + ".pb.gz": content, of.File: page} {
			if err := os.WriteFile(filepath.Join(folder, file), content, 0o644); err != nil {
				return fmt.Errorf("writing profiles: %w", err)
			}
		}
	}
	content, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return fmt.Errorf("writing profiles: %w", err)
	}
	if err := os.WriteFile(filepath.Join(folder, "profiles.json"), content, 0o644); err != nil {
		return fmt.Errorf("writing profiles: %w", err)
	}
	return nil
}

// merge returns what each entry, which has no file yet, is made of, and the entries in order.
func merge(all []Taken, begin, end time.Time) (map[entry][]Taken, []entry) {
	parts := map[entry][]Taken{}
	var order []entry
	for _, taken := range all {
		if taken.Begin.Before(begin) || taken.End.After(end) {
			continue
		}
		of := entry{Instance: taken.Instance, Kind: taken.Kind}
		if parts[of] == nil {
			order = append(order, of)
		}
		if taken.Kind == flamegraph.Heap {
			parts[of] = nil // memory in use does not add up over time
		}
		parts[of] = append(parts[of], taken)
	}
	slices.SortFunc(order, func(a, b entry) int {
		return strings.Compare(a.Instance+"-"+string(a.Kind), b.Instance+"-"+string(b.Kind))
	})
	return parts, order
}

// content returns one profile with all that is in the parts.
func content(parts []Taken) ([]byte, error) {
	var parsed []*profile.Profile
	for _, part := range parts {
		p, err := profile.Parse(bytes.NewReader(part.Content))
		if err != nil {
			return nil, err
		}
		parsed = append(parsed, p)
	}
	merged, err := profile.Merge(parsed)
	if err != nil {
		return nil, err
	}
	var content bytes.Buffer
	if err := merged.Write(&content); err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}
