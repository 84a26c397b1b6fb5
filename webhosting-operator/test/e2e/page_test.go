// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"context"
	"regexp"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

// look is what a page is recognized by.
type look struct{ name, server, namespace, color, font string }

// looks are those of the sample themes.
var looks = map[string]look{
	"lagoon":     {color: "#008080", font: "Georgia"},
	"lemon":      {color: "#ffd84d", font: "Trebuchet MS"},
	"midnight":   {color: "#1b1f3b", font: "Courier New"},
	"terracotta": {color: "#c2410c", font: "Palatino"},
}

var patterns = map[string]*regexp.Regexp{
	"name":      regexp.MustCompile(`<h1>(.*)</h1>`),
	"server":    regexp.MustCompile(`<dd id="server">(.*)</dd>`),
	"namespace": regexp.MustCompile(`<dd id="namespace">(.*)</dd>`),
	"color":     regexp.MustCompile(`background-color: (.*);`),
	"font":      regexp.MustCompile(`font-family: "([^"]*)",`),
}

func lookOf(html string) look {
	find := func(what string) string {
		if match := patterns[what].FindStringSubmatch(html); match != nil {
			return match[1]
		}
		return ""
	}
	return look{find("name"), find("server"), find("namespace"), find("color"), find("font")}
}

func wantedLook(site *v1alpha1.Website) look {
	wanted := looks[site.Spec.Theme]
	wanted.name, wanted.namespace, wanted.server = site.Name, site.Namespace, website.ServerName(site)
	return wanted
}

// visit asks a website for its page through its Service, which is reached through the API server from anywhere.
func visit(ctx context.Context, site *v1alpha1.Website, path string) (string, error) {
	body, err := clientset.CoreV1().Services(site.Namespace).ProxyGet("http", website.ServerName(site), "http", path, nil).DoRaw(ctx)
	return string(body), err
}

// expectPages compares what all sample websites serve with their themes.
func expectPages(ctx context.Context) {
	GinkgoHelper()
	websites, err := samples(ctx)
	Expect(err).NotTo(HaveOccurred())
	for _, site := range websites {
		html, err := visit(ctx, &site, "/")
		Expect(err).NotTo(HaveOccurred())
		Expect(lookOf(html)).To(Equal(wantedLook(&site)))
	}
}
