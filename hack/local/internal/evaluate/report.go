// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation/draw"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation/page"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

// The files of the report.
const (
	PageFile    = "index.html"
	SummaryFile = "summary.md"
	plotsFolder = "plots"
)

// Report writes the report of the evaluation in the folder, beside what it is about.
func Report(folder string) error {
	e, err := evaluation.Read(os.DirFS(folder))
	if err != nil {
		return fmt.Errorf("reading the results in %s: %w", folder, err)
	}
	var drawings []page.Drawing
	for _, figure := range e.Figures() {
		svg, err := draw.SVG(figure.Chart)
		if err != nil {
			return err
		}
		drawings = append(drawings, page.Drawing{Name: figure.Name, SVG: svg})
		if err := statefile.Replace(filepath.Join(folder, plotPath(figure.Name)), svg, 0o644); err != nil {
			return err
		}
	}
	if err := os.Chmod(filepath.Join(folder, plotsFolder), 0o755); err != nil && len(drawings) > 0 {
		return fmt.Errorf("writing the report: %w", err)
	}
	html, err := page.HTML(e, drawings)
	if err != nil {
		return err
	}
	if err := statefile.Replace(filepath.Join(folder, PageFile), html, 0o644); err != nil {
		return err
	}
	return statefile.Replace(filepath.Join(folder, SummaryFile), page.Markdown(e, drawings, plotPath), 0o644)
}

func plotPath(name string) string { return plotsFolder + "/" + name + ".svg" }
