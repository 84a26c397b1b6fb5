// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package record

import (
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/ledger"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
)

// Sample is how things stand at a time.
type Sample struct {
	At     time.Time
	Counts map[result.Operation]ledger.Counts
	// ByShard counts the websites; those without a shard have the empty name.
	ByShard map[string]int
	Ready   int
	// Recent is how long everything took that ended since the sample before.
	Recent map[result.Measure][]float64
}

// Series are the time series of a run.
type Series struct {
	load, websites, latencies *table
	last                      Sample
}

// table is a file that grows by rows.
type table struct {
	file   *os.File
	writer *csv.Writer
}

func (f *Folder) table(name string, header ...string) (*table, error) {
	file, err := os.Create(filepath.Join(f.partial, name))
	if err != nil {
		return nil, fmt.Errorf("writing the results: %w", err)
	}
	t := &table{file: file, writer: csv.NewWriter(file)}
	return t, t.add(header...)
}

func (t *table) add(cells ...string) error {
	if err := t.writer.Write(cells); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

func (t *table) flush() error {
	t.writer.Flush()
	if err := t.writer.Error(); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

func (t *table) close() error {
	if err := errors.Join(t.flush(), t.file.Sync(), t.file.Close()); err != nil {
		return fmt.Errorf("writing the results: %w", err)
	}
	return nil
}

// NewSeries begins the time series of the folder.
func NewSeries(f *Folder) (*Series, error) {
	load, err := f.table("load.csv", "time", "operation", "promised", "achieved", "late", "failed",
		"promised_per_second", "achieved_per_second")
	if err != nil {
		return nil, err
	}
	websites, err := f.table("websites.csv", "time", "shard", "websites")
	if err != nil {
		return nil, err
	}
	latencies, err := f.table("latencies.csv", "time", "measure", "count", "p50_seconds", "p90_seconds", "p99_seconds", "max_seconds")
	if err != nil {
		return nil, err
	}
	return &Series{load: load, websites: websites, latencies: latencies}, nil
}

// Add adds a sample. The first one is that of the beginning.
func (s *Series) Add(sample Sample) error {
	at := sample.At.UTC().Format(time.RFC3339Nano)
	var rows []error
	for _, operation := range ledger.Operations {
		c, before := sample.Counts[operation], s.last.Counts[operation]
		if c.Promised == 0 {
			continue
		}
		perSecond := func(now, before int) string {
			if s.last.At.IsZero() {
				return number(0)
			}
			return number(float64(now-before) / sample.At.Sub(s.last.At).Seconds())
		}
		rows = append(rows, s.load.add(at, string(operation),
			strconv.Itoa(c.Promised), strconv.Itoa(c.Achieved), strconv.Itoa(c.Late), strconv.Itoa(c.Failed),
			perSecond(c.Promised, before.Promised), perSecond(c.Achieved, before.Achieved)))
	}
	for _, shard := range slices.Sorted(maps.Keys(sample.ByShard)) {
		rows = append(rows, s.websites.add(at, shard, strconv.Itoa(sample.ByShard[shard])))
	}
	for _, measure := range Measures {
		if seconds := sample.Recent[measure]; len(seconds) > 0 {
			l := result.LatencyOf(seconds, 0)
			rows = append(rows, s.latencies.add(at, string(measure), strconv.Itoa(l.Count),
				number(l.P50), number(l.P90), number(l.P99), number(l.Max)))
		}
	}
	s.last = sample
	return errors.Join(append(rows, s.load.flush(), s.websites.flush(), s.latencies.flush())...)
}

// Close ends the time series.
func (s *Series) Close() error {
	return errors.Join(s.load.close(), s.websites.close(), s.latencies.close())
}

func number(value float64) string { return strconv.FormatFloat(value, 'f', -1, 64) }

// Distribution writes how many of each measure took how long at most: at each percent, and the last ones one by one.
func (f *Folder) Distribution(all map[result.Measure][]float64) error {
	t, err := f.table("distribution.csv", "measure", "part", "seconds")
	if err != nil {
		return err
	}
	var rows []error
	for _, measure := range Measures {
		sorted := slices.Sorted(slices.Values(all[measure]))
		for i, seconds := range sorted {
			part := float64(i+1) / float64(len(sorted))
			if percent := len(sorted) / 100; percent == 0 || (i+1)%percent == 0 || i+percent >= len(sorted) {
				rows = append(rows, t.add(string(measure), number(part), number(seconds)))
			}
		}
	}
	return errors.Join(append(rows, t.close())...)
}
