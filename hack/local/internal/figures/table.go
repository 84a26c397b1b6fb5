// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package figures

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Table writes a table in Markdown that can be read as it is, too. A table without rows is left out.
func Table(b *strings.Builder, header []string, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	widths := make([]int, len(header))
	for _, row := range append([][]string{header}, rows...) {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	line := func(row []string) {
		for i, cell := range row {
			fmt.Fprintf(b, "| %-*s ", widths[i], cell)
		}
		b.WriteString("|\n")
	}
	line(header)
	for _, width := range widths {
		b.WriteString("|" + strings.Repeat("-", width+2))
	}
	b.WriteString("|\n")
	for _, row := range rows {
		line(row)
	}
	b.WriteString("\n")
}

// Rows makes a row of each item.
func Rows[T any](items []T, row func(T) []string) [][]string {
	all := make([][]string, 0, len(items))
	for _, item := range items {
		all = append(all, row(item))
	}
	return all
}
