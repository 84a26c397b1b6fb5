// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"golang.org/x/net/html"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/page"
)

// hostile are values that no API server of this project accepts, in every place that a theme or a website has.
var hostile = []string{
	`red; } body { background: url(//evil.example/a) } x {`,
	`</style><script>alert(1)</script><style>`,
	`"; } </style><img src=x onerror=alert(1)>`,
	`\22 ; } body { display: none } x { y: "`,
	`'><script>alert(1)</script>`,
	`*/ } @import url("//evil.example/a.css"); /*`,
	`expression(alert(1))`,
	`url(javascript:alert(1))`,
	"a\nb: c",
	"\x00",
	`<!--`,
	`{{ .Name }}`,
	`&quot;; }`,
	"\u2028\u202e\ufeff\xff",
}

func TestHostileThemes(t *testing.T) {
	harmless, err := page.Render(page.Input{Namespace: "a", Name: "b"})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	wantElements, wantRules := structure(t, harmless[page.IndexHTML])

	for _, value := range hostile {
		t.Run(value, func(t *testing.T) {
			g := NewWithT(t)
			files, err := page.Render(page.Input{Namespace: "a", Name: "b", ServerName: value, Color: value, FontFamily: value})
			g.Expect(err).NotTo(HaveOccurred())

			elements, rules := structure(t, files[page.IndexHTML])
			g.Expect(elements).To(Equal(wantElements), "elements and their attributes")
			g.Expect(rules).To(Equal(wantRules), "rules of the style sheet")
		})
	}
}

// FuzzTheme looks for themes that change more than values:
//
//	go test ./internal/page -run '^$' -fuzz FuzzTheme
func FuzzTheme(f *testing.F) {
	harmless, err := page.Render(page.Input{Namespace: "a", Name: "b"})
	NewWithT(f).Expect(err).NotTo(HaveOccurred())
	for _, value := range hostile {
		f.Add(value, value, value)
	}
	f.Fuzz(func(t *testing.T, serverName, color, fontFamily string) {
		g := NewWithT(t)
		files, err := page.Render(page.Input{Namespace: "a", Name: "b", ServerName: serverName, Color: color, FontFamily: fontFamily})
		g.Expect(err).NotTo(HaveOccurred())
		wantElements, wantRules := structure(t, harmless[page.IndexHTML])
		elements, rules := structure(t, files[page.IndexHTML])
		g.Expect(elements).To(Equal(wantElements))
		g.Expect(rules).To(Equal(wantRules))
	})
}

func TestHostileNames(t *testing.T) {
	for _, value := range append(hostile, "", "A", "a/b", "a b", "a;", "a{", "..", "$host", "a.b", strings.Repeat("a", 64)) {
		t.Run(value, func(t *testing.T) {
			g := NewWithT(t)
			_, err := page.Render(page.Input{Namespace: value, Name: "b"})
			g.Expect(err).To(MatchError(ContainSubstring("invalid namespace")))
			_, err = page.Render(page.Input{Namespace: "a", Name: value})
			g.Expect(err).To(MatchError(ContainSubstring("invalid name")))
		})
	}
}

// structure returns a page's elements with the names of their attributes, and the skeleton of its style sheet: what is
// left without the values of declarations.
func structure(t *testing.T, document string) (elements, rules []string) {
	t.Helper()
	tokenizer := html.NewTokenizer(strings.NewReader(document))
	for inStyle := false; ; {
		switch token := tokenizer.Next(); token {
		case html.ErrorToken:
			return elements, rules
		case html.TextToken:
			if inStyle {
				rules = append(rules, skeleton(string(tokenizer.Text()))...)
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken, html.CommentToken, html.DoctypeToken:
			parsed := tokenizer.Token()
			element := token.String() + " " + parsed.DataAtom.String()
			for _, attribute := range parsed.Attr {
				element += " " + attribute.Key
			}
			elements = append(elements, element)
			inStyle = token == html.StartTagToken && parsed.Data == "style"
		}
	}
}

// skeleton reads a style sheet as CSS does, as far as strings, escapes and comments go, and returns what lies between
// its braces and semicolons, each declaration cut after its colon.
func skeleton(css string) []string {
	var parts []string
	var part strings.Builder
	var quote rune
	escaped, comment := false, false
	runes := []rune(css)
	for i, r := range runes {
		switch {
		case comment:
			comment = r != '/' || runes[i-1] != '*'
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case quote != 0:
			if r == quote || r == '\n' {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '*' && i > 0 && runes[i-1] == '/':
			comment = true
		case r == '{' || r == '}' || r == ';':
			name, _, declaration := strings.Cut(part.String(), ":")
			if declaration && r != '{' {
				parts = append(parts, strings.TrimSpace(name)+string(r))
			} else {
				parts = append(parts, strings.TrimSpace(part.String())+string(r))
			}
			part.Reset()
		default:
			part.WriteRune(r)
		}
	}
	return parts
}
