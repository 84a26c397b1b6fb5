// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package draw_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation/draw"
)

// elements counts the elements of a well-formed document by name and fill, and returns all its text.
func elements(t *testing.T, svg []byte) (fills map[string]int, text string) {
	t.Helper()
	g := NewWithT(t)
	fills = map[string]int{}
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return fills, text
		}
		g.Expect(err).NotTo(HaveOccurred())
		switch token := token.(type) {
		case xml.StartElement:
			for _, attribute := range token.Attr {
				for declaration := range strings.SplitSeq(attribute.Value, ";") {
					if fill, ok := strings.CutPrefix(strings.TrimSpace(declaration), "fill:"); ok {
						fills[token.Name.Local+" "+fill]++
					}
				}
			}
		case xml.CharData:
			text += string(token) + "\n"
		}
	}
}

var lines = []evaluation.Line{
	{Name: "shard-0", Points: []evaluation.Point{{X: 0, Y: 1}, {X: 1, Y: 2}}},
	{Name: "shard-1", Points: []evaluation.Point{{X: 0, Y: 3}, {X: 1, Y: 1}}},
}

func TestAreasAreStacked(t *testing.T) {
	g := NewWithT(t)
	svg, err := draw.SVG(evaluation.Chart{
		Title: "CPU & more", X: "minutes", Y: "processors", Lines: lines, Stacked: true, Reference: &evaluation.Line{Name: "singleton", Points: lines[0].Points},
	})
	g.Expect(err).NotTo(HaveOccurred())
	fills, text := elements(t, svg)
	for _, expected := range []string{"CPU & more", "minutes", "processors", "shard-0", "shard-1", "singleton"} {
		g.Expect(text).To(ContainSubstring(expected))
	}
	// One area of each colour, and its sample in the legend.
	g.Expect(fills).To(And(HaveKeyWithValue("path #0072B2", 2), HaveKeyWithValue("path #E69F00", 2)))
	g.Expect(bytes.Index(svg, []byte("#E69F00"))).To(BeNumerically("<", bytes.Index(svg, []byte("#0072B2"))), "the lower one covers the upper one")
}

func TestLines(t *testing.T) {
	g := NewWithT(t)
	withGap := append(lines, evaluation.Line{Name: "gap", Points: []evaluation.Point{{X: 0, Y: math.NaN()}, {X: 1, Y: 1}, {X: 10, Y: 1}}})
	svg, err := draw.SVG(evaluation.Chart{Title: "Latency", Lines: withGap[2:], LogX: false})
	g.Expect(err).NotTo(HaveOccurred())
	_, text := elements(t, svg)
	g.Expect(text).To(ContainSubstring("gap"))

	logarithmic := []evaluation.Line{{Name: "a", Points: []evaluation.Point{{X: 0.01, Y: 0}, {X: 10, Y: 1}}}}
	svg, err = draw.SVG(evaluation.Chart{Title: "Distribution", Lines: logarithmic, LogX: true, YMax: 1})
	g.Expect(err).NotTo(HaveOccurred())
	_, text = elements(t, svg)
	g.Expect(text).To(And(ContainSubstring("0.01"), ContainSubstring("0.1"), ContainSubstring("10")))
}
