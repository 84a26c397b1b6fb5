// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	_ "embed"
	"html/template"
	"strings"
)

//go:embed templates/index.html.tmpl
var indexSource string

var indexTemplate = template.Must(template.New(IndexHTML).Parse(indexSource))

// index is what the template sees. All of it goes through the template's escaping for the place where it is used, also
// what was brought into a harmless form before.
type index struct {
	Input
	Background, Foreground, Shade string
	Families                      []family
}

func renderIndex(in Input) (string, error) {
	background := parseColor(in.Color)
	foreground, shade := readableOn(background), black
	if foreground == black {
		shade = white
	}
	var html strings.Builder
	err := indexTemplate.Execute(&html, index{
		Input:      in,
		Background: cssColor(background),
		Foreground: cssColor(foreground),
		Shade:      cssColor(shade) + "29", // 16 %; it takes the background further away from the foreground
		Families:   parseFamilies(in.FontFamily),
	})
	// A browser reads broken characters as the replacement character, and hashes the style sheet as it has read it.
	return strings.ToValidUTF8(html.String(), "\uFFFD"), err
}
