// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
)

// timeFormat is RFC 3339 with milliseconds, which is what Prometheus knows.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// CSV returns the values as a table: the time, one column a label in alphabetical order, and the value. A label that a
// series does not have is empty.
func CSV(matrix model.Matrix) ([]byte, error) {
	set := map[model.LabelName]bool{}
	for _, series := range matrix {
		for name := range series.Metric {
			set[name] = true
		}
	}
	names := slices.Sorted(maps.Keys(set))

	var buffer bytes.Buffer
	writer := csv.NewWriter(&buffer)
	row := []string{"time"}
	for _, name := range names {
		row = append(row, string(name))
	}
	_ = writer.Write(append(row, "value"))
	for _, series := range matrix {
		for _, sample := range series.Values {
			row = append(row[:0], sample.Timestamp.Time().UTC().Format(timeFormat))
			for _, name := range names {
				row = append(row, string(series.Metric[name]))
			}
			_ = writer.Write(append(row, formatValue(float64(sample.Value))))
		}
	}
	writer.Flush()
	if err := writer.Error(); err != nil {
		return nil, fmt.Errorf("writing values: %w", err)
	}
	return buffer.Bytes(), nil
}

func formatValue(value float64) string { return strconv.FormatFloat(value, 'g', -1, 64) }

// FormatTime returns a time as the files have it.
func FormatTime(t time.Time) string { return t.UTC().Format(timeFormat) }
