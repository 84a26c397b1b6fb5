// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	_ "embed"
	"net/url"
	"strings"
)

//go:embed templates/index.html.tmpl
var indexTemplate string

// renderIndex fills the template in one pass, so no value is taken for a place. Every value has the form that is harmless
// in its place.
func renderIndex(in Input) string {
	background := parseColor(in.Color)
	foreground, shade := readableOn(background), black
	if foreground == black {
		shade = white
	}
	return strings.NewReplacer(
		"{{namespace}}", htmlText(in.Namespace),
		"{{name}}", htmlText(in.Name),
		"{{server-name}}", htmlText(in.ServerName),
		"{{color}}", htmlText(in.Color),
		"{{font-family}}", htmlText(in.FontFamily),
		"{{background}}", cssColor(background),
		"{{background-in-url}}", url.QueryEscape(cssColor(background)),
		"{{foreground}}", cssColor(foreground),
		"{{shade}}", cssColor(shade)+"29", // 16 %; it takes the background further away from the foreground
		"{{families}}", cssFamilies(in.FontFamily),
	).Replace(indexTemplate)
}
