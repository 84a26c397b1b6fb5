// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"image/color"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/image/colornames"
)

func TestParseColor(t *testing.T) {
	for in, want := range map[string]string{
		"teal":          "#008080",
		"Teal":          "#008080",
		"rebeccapurple": "#663399",
		"#abc":          "#aabbcc",
		"#a1b2c3":       "#a1b2c3",
		"#A1B2C3":       "#a1b2c3",
		"#ff0000ff":     "#ff0000",
		"#ff000000":     "#ffffff",
		"#00000080":     "#7f7f7f",
		"":              cssColor(grey),
		"#":             cssColor(grey),
		"#ab":           cssColor(grey),
		"#abcd":         cssColor(grey),
		"#abcde":        cssColor(grey),
		"#xyzxyz":       cssColor(grey),
		"#äb":           cssColor(grey),
		"a1b2c3":        cssColor(grey),
		"seagrass":      cssColor(grey),
		"red; }":        cssColor(grey),
	} {
		t.Run(in, func(t *testing.T) {
			NewWithT(t).Expect(cssColor(parseColor(in))).To(Equal(want))
		})
	}
}

func TestReadableOn(t *testing.T) {
	g := NewWithT(t)
	g.Expect(readableOn(white)).To(Equal(black))
	g.Expect(readableOn(black)).To(Equal(white))
	g.Expect(readableOn(grey)).To(Equal(white))
	g.Expect(readableOn(colornames.Gold)).To(Equal(black))
	g.Expect(readableOn(colornames.Midnightblue)).To(Equal(white))
}

// TestContrast checks the promise of level AA on a grid over all colours.
func TestContrast(t *testing.T) {
	g := NewWithT(t)
	g.Expect(contrast(black, white)).To(BeNumerically("~", 21, 1e-9))
	g.Expect(contrast(white, black)).To(BeNumerically("~", 21, 1e-9))
	g.Expect(contrast(white, white)).To(BeNumerically("~", 1, 1e-9))
	for red := 0; red <= 0xff; red += 5 {
		for green := 0; green <= 0xff; green += 5 {
			for blue := 0; blue <= 0xff; blue += 5 {
				background := color.RGBA{R: uint8(red), G: uint8(green), B: uint8(blue), A: 0xff}
				if got := contrast(readableOn(background), background); got < 4.58 {
					t.Fatalf("contrast on %s is %.3f", cssColor(background), got)
				}
			}
		}
	}
}
