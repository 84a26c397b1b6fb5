// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"encoding/hex"
	"image/color"
	"math"
	"strings"

	"golang.org/x/image/colornames"
)

var (
	black = color.RGBA{A: 0xff}
	white = color.RGBA{R: 0xff, G: 0xff, B: 0xff, A: 0xff}
	// grey is the background where the theme's colour is none.
	grey = color.RGBA{R: 0x4b, G: 0x55, B: 0x63, A: 0xff}
)

// parseColor returns the opaque colour that a browser shows for a CSS colour on white paper: one of the 148 names of
// CSS, or #rgb, #rrggbb or #rrggbbaa. Anything else is grey.
func parseColor(s string) color.RGBA {
	s = strings.ToLower(s)
	if named, ok := colornames.Map[s]; ok {
		return named
	}
	if s == "rebeccapurple" { // the one name that CSS has and SVG 1.1 has not
		return color.RGBA{R: 0x66, G: 0x33, B: 0x99, A: 0xff}
	}
	digits, ok := strings.CutPrefix(s, "#")
	if !ok {
		return grey
	}
	if len(digits) == 3 {
		digits = string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	c, err := hex.DecodeString(digits)
	switch {
	case err == nil && len(c) == 3:
		return color.RGBA{R: c[0], G: c[1], B: c[2], A: 0xff}
	case err == nil && len(c) == 4:
		return onWhite(c[0], c[1], c[2], c[3])
	default:
		return grey
	}
}

func onWhite(r, g, b, a uint8) color.RGBA {
	blend := func(c uint8) uint8 {
		opacity := float64(a) / 255
		return uint8(math.Round(float64(c)*opacity + 255*(1-opacity)))
	}
	return color.RGBA{R: blend(r), G: blend(g), B: blend(b), A: 0xff}
}

// readableOn returns black or white, whichever has the higher contrast on the background. The contrast is 4.58 at least,
// and so meets level AA of the Web Content Accessibility Guidelines on every background.
func readableOn(background color.RGBA) color.RGBA {
	if contrast(white, background) >= contrast(black, background) {
		return white
	}
	return black
}

// contrast is the contrast ratio of WCAG 2.2, from 1 to 21.
func contrast(a, b color.RGBA) float64 {
	lighter, darker := luminance(a), luminance(b)
	if lighter < darker {
		lighter, darker = darker, lighter
	}
	return (lighter + 0.05) / (darker + 0.05)
}

// luminance is the relative luminance of WCAG 2.2, from 0 to 1.
func luminance(c color.RGBA) float64 {
	linear := func(channel uint8) float64 {
		v := float64(channel) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

// cssColor writes an opaque colour as #rrggbb.
func cssColor(c color.RGBA) string {
	return "#" + hex.EncodeToString([]byte{c.R, c.G, c.B})
}
