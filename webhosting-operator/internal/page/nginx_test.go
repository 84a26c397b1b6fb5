// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package page_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/page"
)

func TestNginxServesThePage(t *testing.T) {
	url := serve(t, orchard)
	files, err := page.Render(orchard)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())

	for _, path := range []string{"/", "/project-garden/orchard", "/project-garden/orchard/", "/?a=b", "/project-garden/orchard?a=b"} {
		t.Run(path, func(t *testing.T) {
			g := NewWithT(t)
			got := request(t, http.MethodGet, url+path, nil)
			g.Expect(got.status).To(Equal(http.StatusOK))
			g.Expect(got.body).To(Equal(files[page.IndexHTML]))
			g.Expect(got.header.Get("Content-Type")).To(Equal("text/html; charset=utf-8"))
			g.Expect(got.header.Get("Cache-Control")).To(Equal("no-cache"))
			g.Expect(got.header.Get("X-Content-Type-Options")).To(Equal("nosniff"))
			g.Expect(got.header.Get("Referrer-Policy")).To(Equal("no-referrer"))
			g.Expect(got.header.Get("Content-Security-Policy")).To(MatchRegexp(
				`^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$`))
			g.Expect(got.header.Get("Server")).To(Equal("nginx"))

			got = request(t, http.MethodHead, url+path, nil)
			g.Expect(got.status).To(Equal(http.StatusOK))
			g.Expect(got.body).To(BeEmpty())

			got = request(t, http.MethodGet, url+path, http.Header{"If-None-Match": {got.header.Get("ETag")}})
			g.Expect(got.status).To(Equal(http.StatusNotModified))

			got = request(t, http.MethodPost, url+path, nil)
			g.Expect(got.status).To(Equal(http.StatusMethodNotAllowed))
		})
	}
}

func TestNginxServesNothingElse(t *testing.T) {
	url := serve(t, orchard)
	for _, path := range []string{
		"/index.html", "/nginx.conf", "/project-garden", "/project-garden/", "/project-garden/orchard/x",
		"/project-garden/orchard/index.html", "/project-garden/library", "/orchard", "/favicon.ico", "/healthz/",
		"/project-garden/orchard/%2e%2e/%2e%2e/nginx.conf",
	} {
		t.Run(path, func(t *testing.T) {
			g := NewWithT(t)
			got := request(t, http.MethodGet, url+path, nil)
			g.Expect(got.status).To(Equal(http.StatusNotFound))
			g.Expect(got.header.Get("Content-Security-Policy")).NotTo(BeEmpty())
			g.Expect(got.body).NotTo(MatchRegexp(`nginx/[0-9]`))
		})
	}
}

func TestNginxIsHealthy(t *testing.T) {
	g := NewWithT(t)
	got := request(t, http.MethodGet, serve(t, orchard)+page.HealthPath, nil)
	g.Expect(got.status).To(Equal(http.StatusOK))
	g.Expect(got.header.Get("Content-Type")).To(HavePrefix("text/plain"))
	g.Expect(got.body).To(Equal("ok\n"))
}

// TestNginxServesLongNames takes the longest names that Render accepts: nginx's tables have limits of their own.
func TestNginxServesLongNames(t *testing.T) {
	in := orchard
	in.Namespace, in.Name = strings.Repeat("n", 63), strings.Repeat("w", 63)
	url := serve(t, in)
	for _, path := range []string{"/", "/" + in.Namespace + "/" + in.Name, "/" + in.Namespace + "/" + in.Name + "/"} {
		got := request(t, http.MethodGet, url+path, nil)
		NewWithT(t).Expect(got.status).To(Equal(http.StatusOK), path)
	}
}

// answer is what nginx answered.
type answer struct {
	status int
	header http.Header
	body   string
}

func request(t *testing.T, method, url string, header http.Header) answer {
	t.Helper()
	g := NewWithT(t)
	request, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	g.Expect(err).NotTo(HaveOccurred())
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	g.Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	g.Expect(err).NotTo(HaveOccurred())
	return answer{response.StatusCode, response.Header, string(body)}
}
