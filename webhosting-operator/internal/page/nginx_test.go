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
			response, body := request(t, http.MethodGet, url+path, nil)
			g.Expect(response.StatusCode).To(Equal(http.StatusOK))
			g.Expect(body).To(Equal(files[page.IndexHTML]))
			g.Expect(response.Header.Get("Content-Type")).To(Equal("text/html; charset=utf-8"))
			g.Expect(response.Header.Get("Cache-Control")).To(Equal("no-cache"))
			g.Expect(response.Header.Get("X-Content-Type-Options")).To(Equal("nosniff"))
			g.Expect(response.Header.Get("Referrer-Policy")).To(Equal("no-referrer"))
			g.Expect(response.Header.Get("Content-Security-Policy")).To(MatchRegexp(
				`^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$`))
			g.Expect(response.Header.Get("Server")).To(Equal("nginx"))

			response, body = request(t, http.MethodHead, url+path, nil)
			g.Expect(response.StatusCode).To(Equal(http.StatusOK))
			g.Expect(body).To(BeEmpty())

			response, _ = request(t, http.MethodGet, url+path, http.Header{"If-None-Match": {response.Header.Get("ETag")}})
			g.Expect(response.StatusCode).To(Equal(http.StatusNotModified))

			response, _ = request(t, http.MethodPost, url+path, nil)
			g.Expect(response.StatusCode).To(Equal(http.StatusMethodNotAllowed))
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
			response, body := request(t, http.MethodGet, url+path, nil)
			g.Expect(response.StatusCode).To(Equal(http.StatusNotFound))
			g.Expect(response.Header.Get("Content-Security-Policy")).NotTo(BeEmpty())
			g.Expect(body).NotTo(MatchRegexp(`nginx/[0-9]`))
		})
	}
}

func TestNginxIsHealthy(t *testing.T) {
	g := NewWithT(t)
	response, body := request(t, http.MethodGet, serve(t, orchard)+page.HealthPath, nil)
	g.Expect(response.StatusCode).To(Equal(http.StatusOK))
	g.Expect(response.Header.Get("Content-Type")).To(HavePrefix("text/plain"))
	g.Expect(body).To(Equal("ok\n"))
}

// TestNginxServesLongNames takes the longest names that Render accepts: nginx's tables have limits of their own.
func TestNginxServesLongNames(t *testing.T) {
	in := orchard
	in.Namespace, in.Name = strings.Repeat("n", 63), strings.Repeat("w", 63)
	url := serve(t, in)
	for _, path := range []string{"/", "/" + in.Namespace + "/" + in.Name, "/" + in.Namespace + "/" + in.Name + "/"} {
		response, _ := request(t, http.MethodGet, url+path, nil)
		NewWithT(t).Expect(response.StatusCode).To(Equal(http.StatusOK), path)
	}
}

func request(t *testing.T, method, url string, header http.Header) (*http.Response, string) {
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
	return response, string(body)
}
