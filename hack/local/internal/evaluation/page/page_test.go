// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation/evaluationtest"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation/page"
)

var update = flag.Bool("update", false, "write the golden files")

var drawings = []page.Drawing{{Name: "cpu-singleton", SVG: []byte(`<?xml version="1.0"?><svg><text>CPU</text></svg>`)}}

func golden(t *testing.T, file string, content []byte) {
	t.Helper()
	g := NewWithT(t)
	if *update {
		g.Expect(os.WriteFile(file, content, 0o600)).To(Succeed())
	}
	expected, err := os.ReadFile(file)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(content)).To(Equal(string(expected)), "run the test with -update if the change is wanted")
}

func TestReports(t *testing.T) {
	for name, valid := range map[string]bool{"valid": true, "invalid": false} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			e, err := evaluation.Read(evaluationtest.Folder(valid))
			g.Expect(err).NotTo(HaveOccurred())
			golden(t, "testdata/"+name+".md", page.Markdown(e, drawings, func(name string) string { return "plots/" + name + ".svg" }))
			html, err := page.HTML(e, drawings)
			g.Expect(err).NotTo(HaveOccurred())
			golden(t, "testdata/"+name+".html", html)
		})
	}
}

func TestPageNeedsNothingButItself(t *testing.T) {
	g := NewWithT(t)
	folder := evaluationtest.Folder(true)
	evaluationtest.AddProfile(folder, `<html><script>show("flames")</script></html>`)
	e, err := evaluation.Read(folder)
	g.Expect(err).NotTo(HaveOccurred())
	html, err := page.HTML(e, drawings)
	g.Expect(err).NotTo(HaveOccurred())
	text := string(html)
	g.Expect(text).To(ContainSubstring("<svg><text>CPU</text></svg>"))
	g.Expect(text).NotTo(Or(ContainSubstring("<?xml"), ContainSubstring("http://"), ContainSubstring("https://"), ContainSubstring("src=\"")))
	// The flame graph is a page of its own within the page, and cannot break out of it.
	g.Expect(strings.Count(text, "<script>")).To(Equal(0))
	g.Expect(text).To(ContainSubstring(`srcdoc="&lt;html&gt;&lt;script&gt;`))
}
