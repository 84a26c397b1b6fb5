// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"strconv"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/page"
)

// look is what a visitor sees, as far as a browser can say it.
type look struct {
	Title, Heading, Server, Namespace, Color, Font string
	Background, Foreground, FontFamily, Surface    string
	TooWide                                        bool
	Scripts, Styles                                int
}

const lookAround = `(() => {
	const text = selector => document.querySelector(selector).innerText;
	const body = getComputedStyle(document.body);
	return {
		title: document.title, heading: text("h1"),
		server: text("#server"), namespace: text("#namespace"), color: text("#color"), font: text("#font"),
		background: body.backgroundColor, foreground: body.color, fontFamily: body.fontFamily,
		surface: getComputedStyle(document.querySelector("dl > div")).backgroundColor,
		tooWide: document.documentElement.scrollWidth > innerWidth,
		scripts: document.scripts.length, styles: document.styleSheets.length,
	};
})()`

func TestBrowserShowsThePage(t *testing.T) {
	lemonade := page.Input{
		Namespace: "project-garden", Name: "lemonade", ServerName: "lemonade-0f1e2d",
		Color: "#ffd84d", FontFamily: "Trebuchet MS, sans-serif",
	}
	long := page.Input{
		Namespace: "project-" + longWord, Name: longWord, ServerName: longWord + "-0f1e2d", Color: "crimson", FontFamily: "monospace",
	}
	for _, c := range []struct {
		name          string
		in            page.Input
		width, height int
		colorScheme   string
		want          look
	}{
		{
			"website", orchard, 1280, 800, "light",
			look{
				Title: "orchard · project-garden", Heading: "orchard", Server: "orchard-a1b2c3",
				Namespace: "project-garden", Color: "teal", Font: "Georgia, serif",
				Background: "rgb(0, 128, 128)", Foreground: "rgb(255, 255, 255)", Surface: "rgb(255, 255, 255)",
				FontFamily: "Georgia, serif, system-ui, sans-serif", Styles: 1,
			},
		},
		{
			"website-phone-dark", lemonade, 390, 844, "dark",
			look{
				Title: "lemonade · project-garden", Heading: "lemonade", Server: "lemonade-0f1e2d",
				Namespace: "project-garden", Color: "#ffd84d", Font: "Trebuchet MS, sans-serif",
				Background: "rgb(255, 216, 77)", Foreground: "rgb(0, 0, 0)", Surface: "rgb(22, 24, 29)",
				FontFamily: `"Trebuchet MS", sans-serif, system-ui, sans-serif`, Styles: 1,
			},
		},
		{
			"website-long-name", long, 390, 844, "light",
			look{
				Title: longWord + " · project-" + longWord, Heading: longWord, Server: longWord + "-0f1e2d",
				Namespace: "project-" + longWord, Color: "crimson", Font: "monospace",
				Background: "rgb(220, 20, 60)", Foreground: "rgb(255, 255, 255)", Surface: "rgb(255, 255, 255)",
				FontFamily: "monospace, system-ui, sans-serif", Styles: 1,
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := NewWithT(t)
			b := startBrowser(t, c.width, c.height, c.colorScheme)
			b.open(t, serve(t, c.in)+"/"+c.in.Namespace+"/"+c.in.Name)
			var got look
			b.evaluate(t, lookAround, &got)
			g.Expect(got).To(Equal(c.want))
			g.Expect(b.complaints).To(BeEmpty())
			b.screenshot(t, c.name+".png")
		})
	}
}

// TestBrowserIsNotFooled has a browser read themes that were made to break out: it is the judge of what is CSS and HTML.
func TestBrowserIsNotFooled(t *testing.T) {
	b := startBrowser(t, 1280, 800, "light")
	for i, value := range hostile {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			g := NewWithT(t)
			b.open(t, serve(t, page.Input{Namespace: "a", Name: "b", ServerName: value, Color: value, FontFamily: value}))
			var got look
			b.evaluate(t, lookAround, &got)
			g.Expect(got.Heading).To(Equal("b"), value)
			g.Expect(got.Background).To(Equal("rgb(75, 85, 99)"))
			g.Expect(got.Foreground).To(Equal("rgb(255, 255, 255)"))
			g.Expect(got.Surface).To(Equal("rgb(255, 255, 255)"))
			g.Expect(got.FontFamily).To(HaveSuffix("system-ui, sans-serif"))
			g.Expect(got.Scripts).To(BeZero())
			g.Expect(got.Styles).To(Equal(1))
			g.Expect(b.complaints).To(BeEmpty())
		})
	}
}

const longWord = "donaudampfschifffahrtsgesellschaftskapitaensmuetze"
