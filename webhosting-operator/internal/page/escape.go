// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// htmlText returns the text as it is written between tags and in quoted attributes. Characters that a browser would read
// as something else are replaced.
func htmlText(s string) string {
	return html.EscapeString(strings.ReplaceAll(strings.ToValidUTF8(s, replacement), "\x00", replacement))
}

// cssString returns the text as a quoted string of CSS, in which only letters and digits of ASCII, and what is as harmless,
// stand for themselves. So nothing in it ends the string, or the element that the style sheet is in.
func cssString(s string) string {
	var quoted strings.Builder
	quoted.WriteByte('"')
	for _, r := range s {
		if harmless(r) {
			quoted.WriteRune(r)
		} else {
			fmt.Fprintf(&quoted, `\%x `, r) // the space ends the number, and belongs to it
		}
	}
	quoted.WriteByte('"')
	return quoted.String()
}

func harmless(r rune) bool {
	return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune(" -_.", r)
}

const replacement = string(utf8.RuneError)
