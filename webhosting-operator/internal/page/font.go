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

// family is one font family: a generic one, which goes into a style sheet as it is, or the name of a font, which goes
// into it as a quoted string, so that no name needs to be a valid CSS identifier.
type family struct {
	Name    string
	Generic bool
}

// parseFamilies splits a list of font families. Empty ones are left out.
func parseFamilies(list string) []family {
	var families []family
	for name := range strings.SplitSeq(list, ",") {
		name = strings.Trim(name, ` "'`)
		if name == "" {
			continue
		}
		families = append(families, family{Name: name, Generic: slices.Contains(genericFamilies, strings.ToLower(name))})
	}
	return families
}
