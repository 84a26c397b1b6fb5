// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// ingressURL returns where the cluster's ingress controller answers, as INGRESS_URL says. Without one, a proxy in this
// process routes by the Ingress objects in its place.
func ingressURL(ctx context.Context) string {
	GinkgoHelper()
	if given := os.Getenv("INGRESS_URL"); given != "" {
		return strings.TrimSuffix(given, "/")
	}
	transport, err := rest.TransportFor(restConfig)
	Expect(err).NotTo(HaveOccurred())
	base, _, err := rest.DefaultServerUrlFor(restConfig)
	Expect(err).NotTo(HaveOccurred())
	server := httptest.NewServer(&httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(r *httputil.ProxyRequest) {
			target, err := route(r.In.Context(), r.In.Host, r.In.URL.Path)
			if err != nil {
				target = "/" // the API server answers, but with no page
				GinkgoWriter.Printf("routing %s: %v\n", r.In.URL, err)
			}
			r.Out.Host = ""
			r.Out.URL = base.ResolveReference(&url.URL{Path: target})
		},
	})
	DeferCleanup(server.Close)
	return server.URL
}

// route returns the path by which the API server passes a request on, to the backend of the longest path that matches.
func route(ctx context.Context, host, path string) (string, error) {
	type rule struct {
		namespace string
		networkingv1.HTTPIngressPath
	}
	var matching []rule
	for _, project := range projects {
		list, err := clientset.NetworkingV1().Ingresses(project).List(ctx, metav1.ListOptions{})
		if err != nil {
			return "", err
		}
		for _, ingress := range list.Items {
			for _, r := range ingress.Spec.Rules {
				for _, p := range r.HTTP.Paths {
					if (r.Host == "" || r.Host == host) && (path == p.Path || strings.HasPrefix(path, p.Path+"/")) {
						matching = append(matching, rule{ingress.Namespace, p})
					}
				}
			}
		}
	}
	if len(matching) == 0 {
		return "", fmt.Errorf("no Ingress has a rule for it")
	}
	best := slices.MaxFunc(matching, func(a, b rule) int { return cmp.Compare(len(a.Path), len(b.Path)) })
	backend := best.Backend.Service
	port := cmp.Or(backend.Port.Name, fmt.Sprint(backend.Port.Number))
	return fmt.Sprintf("/api/v1/namespaces/%s/services/http:%s:%s/proxy%s", best.namespace, backend.Name, port, path), nil
}

// fetch returns the status and the body of what a URL serves.
func fetch(ctx context.Context, address string) (int, string, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}
