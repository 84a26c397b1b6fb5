// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"slices"
	"strings"
)

// genericFamilies are the words that CSS itself defines. In quotes they would be the name of a font.
var genericFamilies = []string{
	"serif", "sans-serif", "monospace", "cursive", "fantasy", "math", "system-ui",
	"ui-serif", "ui-sans-serif", "ui-monospace", "ui-rounded",
}

// cssFamilies returns a list of font families as it stands before others in a style sheet, each followed by a comma. Empty
// ones are left out. Generic families are written as the words that they are, and names of fonts as quoted strings, so that
// no name needs to be a valid CSS identifier.
func cssFamilies(list string) string {
	var families strings.Builder
	for name := range strings.SplitSeq(list, ",") {
		name = strings.Trim(name, ` "'`)
		if name == "" {
			continue
		}
		if generic := strings.ToLower(name); slices.Contains(genericFamilies, generic) {
			families.WriteString(generic)
		} else {
			families.WriteString(cssString(name))
		}
		families.WriteString(", ")
	}
	return families.String()
}
