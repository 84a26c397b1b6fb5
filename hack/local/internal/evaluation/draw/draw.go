// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package draw draws the charts of an evaluation as SVG.
package draw

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation"
)

const (
	width  = 14 * vg.Centimeter
	height = 7 * vg.Centimeter
	// legendWidth is what the legend has beside the chart, where it covers nothing. It is the same for all charts, so that
	// their axes are of the same length.
	legendWidth = 3.7 * vg.Centimeter
)

// colors can be told apart by people who see few colours, too (Okabe and Ito, 2008).
var colors = []color.Color{
	color.RGBA{R: 0, G: 114, B: 178, A: 255},
	color.RGBA{R: 230, G: 159, B: 0, A: 255},
	color.RGBA{R: 0, G: 158, B: 115, A: 255},
	color.RGBA{R: 204, G: 121, B: 167, A: 255},
	color.RGBA{R: 86, G: 180, B: 233, A: 255},
	color.RGBA{R: 213, G: 94, B: 0, A: 255},
	color.RGBA{R: 240, G: 228, B: 66, A: 255},
}

// SVG returns the chart as an SVG document.
func SVG(chart evaluation.Chart) ([]byte, error) {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = chart.Title, chart.X, chart.Y
	p.Title.TextStyle.Font.Size, p.Title.Padding = vg.Points(11), vg.Points(6)
	p.Add(plotter.NewGrid())
	add := addLines
	if chart.Stacked {
		add = addAreas
	}
	if err := add(p, chart.Lines); err != nil {
		return nil, fmt.Errorf("drawing %s: %w", chart.Title, err)
	}
	if chart.Reference != nil {
		line, err := plotter.NewLine(points(*chart.Reference))
		if err != nil {
			return nil, fmt.Errorf("drawing %s: %w", chart.Title, err)
		}
		line.Width, line.Dashes = vg.Points(1.5), []vg.Length{vg.Points(4), vg.Points(3)}
		p.Add(line)
		p.Legend.Add(chart.Reference.Name, line)
	}
	p.Y.Min = 0
	if !chart.LogX {
		p.X.Min = min(p.X.Min, 0)
	}
	if chart.YMax > 0 {
		p.Y.Max = chart.YMax
	}
	if chart.LogX {
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	}

	canvas := vgsvg.New(width, height)
	drawBeside(p, draw.New(canvas))
	var buffer bytes.Buffer
	if _, err := canvas.WriteTo(&buffer); err != nil {
		return nil, fmt.Errorf("drawing %s: %w", chart.Title, err)
	}
	return buffer.Bytes(), nil
}

// drawBeside draws the plot, and its legend to the right of it.
func drawBeside(p *plot.Plot, canvas draw.Canvas) {
	legend := p.Legend
	legend.Top, legend.Left, legend.Padding = true, true, vg.Points(3)
	legend.YOffs, legend.TextStyle.Font.Size = -vg.Points(24), vg.Points(10)
	p.Legend = plot.NewLegend()
	p.Draw(draw.Crop(canvas, 0, -legendWidth, 0, 0))
	legend.Draw(draw.Crop(canvas, width-legendWidth+vg.Points(4), 0, 0, 0))
}

func addLines(p *plot.Plot, lines []evaluation.Line) error {
	for i, of := range lines {
		line, err := plotter.NewLine(points(of))
		if err != nil {
			return err
		}
		line.Color, line.Width = colors[i%len(colors)], vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(of.Name, line)
	}
	return nil
}

// addAreas draws the topmost area first, so that each of the others covers its lower part.
func addAreas(p *plot.Plot, lines []evaluation.Line) error {
	areas := make([]*plotter.Polygon, len(lines))
	var below plotter.XYs
	for i, of := range lines {
		top := points(of)
		for j := range top {
			if j < len(below) {
				top[j].Y += below[j].Y
			}
		}
		outline := append(plotter.XYs{{X: top[0].X, Y: 0}}, top...)
		outline = append(outline, plotter.XY{X: top[len(top)-1].X, Y: 0})
		area, err := plotter.NewPolygon(outline)
		if err != nil {
			return err
		}
		area.Color, area.LineStyle.Width = colors[i%len(colors)], 0
		areas[i], below = area, top
	}
	for i, area := range slices.Backward(areas) {
		p.Add(area)
		p.Legend.Add(lines[i].Name, area)
	}
	return nil
}

// points leaves out what cannot be drawn.
func points(line evaluation.Line) plotter.XYs {
	xys := make(plotter.XYs, 0, len(line.Points))
	for _, point := range line.Points {
		if !math.IsNaN(point.Y) && !math.IsInf(point.Y, 0) {
			xys = append(xys, plotter.XY{X: point.X, Y: point.Y})
		}
	}
	return xys
}
