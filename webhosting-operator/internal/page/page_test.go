// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/page"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func TestGolden(t *testing.T) {
	for name, in := range map[string]page.Input{
		"dark":  orchard,
		"light": {Namespace: "project-garden", Name: "herbs", ServerName: "herbs-0f1e2d", Color: "#FD4", FontFamily: `"Trebuchet MS", Verdana,sans-serif`},
		"unknown-color": {
			Namespace: "project-garden", Name: strings.Repeat("long-name-", 6) + "end", ServerName: "long-0f1e2d", Color: "seagrass",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			files, err := page.Render(in)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(files).To(And(HaveLen(2), HaveKey(page.IndexHTML), HaveKey(page.NginxConf)))

			for file, content := range files {
				golden := filepath.Join("testdata", name, file)
				if *update {
					g.Expect(os.MkdirAll(filepath.Dir(golden), 0o755)).To(Succeed())
					g.Expect(os.WriteFile(golden, []byte(content), 0o644)).To(Succeed())
				}
				want, err := os.ReadFile(golden)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(content).To(Equal(string(want)), "run `go test ./internal/page -run TestGolden -update` if this is meant")
			}
		})
	}
}

func TestRenderIsDeterministic(t *testing.T) {
	g := NewWithT(t)
	first, err := page.Render(orchard)
	g.Expect(err).NotTo(HaveOccurred())
	for range 100 {
		g.Expect(page.Render(orchard)).To(Equal(first))
	}
}

// BenchmarkRender:
//
//	go test ./internal/page -run '^$' -bench Render
func BenchmarkRender(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := page.Render(orchard); err != nil {
			b.Fatal(err)
		}
	}
}

// orchard is a website of the samples.
var orchard = page.Input{
	Namespace: "project-garden", Name: "orchard", ServerName: "orchard-a1b2c3",
	Color: "teal", FontFamily: "Georgia, serif",
}
