// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluation

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"
)

// Table is what a file of comma-separated values holds.
type Table struct {
	columns []string
	rows    [][]string
}

func parseTable(content []byte) (Table, error) {
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	if err != nil {
		return Table{}, err
	}
	if len(rows) == 0 {
		return Table{}, errors.New("it has no line with the names of the columns")
	}
	table := Table{columns: rows[0], rows: rows[1:]}
	for i := range table.rows {
		if slices.Contains(table.columns, "time") {
			if _, err := time.Parse(time.RFC3339Nano, table.text(i, "time")); err != nil {
				return Table{}, fmt.Errorf("line %d: %w", i+2, err)
			}
		}
	}
	return table, nil
}

// text returns a cell; nothing if there is no such column.
func (t Table) text(row int, column string) string {
	if i := slices.Index(t.columns, column); i >= 0 {
		return t.rows[row][i]
	}
	return ""
}

// number returns a cell; 0 if it is no number.
func (t Table) number(row int, column string) float64 {
	value, err := strconv.ParseFloat(t.text(row, column), 64)
	if err != nil || math.IsNaN(value) {
		return 0
	}
	return value
}

func (t Table) time(row int) time.Time {
	at, err := time.Parse(time.RFC3339Nano, t.text(row, "time"))
	if err != nil {
		return time.Time{}
	}
	return at
}
