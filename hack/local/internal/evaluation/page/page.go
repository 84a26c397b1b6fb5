// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package page writes the report of an evaluation: a page that needs nothing but itself, and a summary in Markdown.
package page

import (
	"bytes"
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"strings"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation"
)

//go:embed page.html
var source string

var page = template.Must(template.New("page").Parse(source))

// Drawing is a figure that was drawn.
type Drawing struct {
	Name string
	SVG  []byte
}

// content is what the template needs.
type content struct {
	report
	Figures  []figure
	Profiles []profiles
}

type figure struct {
	Name string
	SVG  template.HTML
}

type profiles struct {
	Setup string
	Pages []profile
}

type profile struct{ Instance, Kind, Page string }

// HTML returns the report as one page.
func HTML(e evaluation.Evaluation, drawings []Drawing) ([]byte, error) {
	c := content{report: newReport(e)}
	for _, drawing := range drawings {
		// An XML declaration has no place within a page.
		svg := drawing.SVG[max(bytes.Index(drawing.SVG, []byte("<svg")), 0):]
		c.Figures = append(c.Figures, figure{Name: drawing.Name, SVG: template.HTML(svg)}) //nolint:gosec // it was drawn here
	}
	for _, setup := range e.Setups {
		of := profiles{Setup: setup.Name}
		for _, p := range setup.Profiles {
			of.Pages = append(of.Pages, profile{Instance: p.Instance, Kind: p.Kind, Page: string(p.Page)})
		}
		if len(of.Pages) > 0 {
			c.Profiles = append(c.Profiles, of)
		}
	}
	var buffer bytes.Buffer
	if err := page.Execute(&buffer, c); err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	return buffer.Bytes(), nil
}

// Markdown returns the summary. The drawings are where the function says.
func Markdown(e evaluation.Evaluation, drawings []Drawing, path func(name string) string) []byte {
	r := newReport(e)
	var text strings.Builder
	say := func(format string, arguments ...any) { fmt.Fprintf(&text, format+"\n\n", arguments...) }
	say("# Evaluation: %s", r.About.Scenario)
	say("%s. Begun %s. Repeat it with `%s`.", r.Machine, r.Begin, r.About.Command)
	for _, invalid := range r.Invalid {
		say("**The run of the set-up %s is invalid, and nothing may be concluded from it: %s**", invalid.Name, invalid.Reasons)
	}
	for _, remark := range r.Remarks {
		say("%s", remark)
	}
	say("## The set-ups compared")
	table(&text, "", r.Columns, r.Rows)
	if len(r.Capacity) > 0 {
		say("## Capacity")
		table(&text, "shards", r.Columns, r.Capacity)
	}
	say("## Over time")
	for _, drawing := range drawings {
		fmt.Fprintf(&text, "![%s](%s)\n", drawing.Name, path(drawing.Name))
	}
	text.WriteString("\n")
	say("## Settings and versions")
	table(&text, "", r.Columns, r.Settings)
	return []byte(strings.TrimRight(text.String(), "\n") + "\n")
}

func table(text *strings.Builder, corner string, columns []string, rows []row) {
	fmt.Fprintf(text, "| %s |", corner)
	for _, column := range columns {
		fmt.Fprintf(text, " %s |", column)
	}
	text.WriteString("\n|---|" + strings.Repeat("---:|", len(columns)) + "\n")
	for _, row := range rows {
		fmt.Fprintf(text, "| %s |", row.Name)
		for _, cell := range row.Cells {
			fmt.Fprintf(text, " %s |", strings.TrimSpace(cmp.Or(cell.Text, "–")+" "+cell.Ratio))
		}
		text.WriteString("\n")
	}
	text.WriteString("\n")
}
