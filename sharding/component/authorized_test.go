// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"k8s.io/client-go/rest"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/component"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/componentconfig"
)

func TestSecureServing(t *testing.T) {
	for name, test := range map[string]struct {
		authorization, path string
		want                int
	}{
		"nobody":                   {authorization: "", path: "/metrics", want: http.StatusUnauthorized},
		"another scheme":           {authorization: "Basic monitoring", path: "/metrics", want: http.StatusUnauthorized},
		"an empty token":           {authorization: "Bearer ", path: "/metrics", want: http.StatusUnauthorized},
		"an unknown token":         {authorization: "Bearer forged", path: "/metrics", want: http.StatusUnauthorized},
		"somebody who may not":     {authorization: "Bearer stranger", path: "/metrics", want: http.StatusForbidden},
		"another path":             {authorization: "Bearer monitoring", path: "/debug/pprof/heap", want: http.StatusForbidden},
		"somebody who may":         {authorization: "Bearer monitoring", path: "/metrics", want: http.StatusOK},
		"the scheme in lower case": {authorization: "bearer monitoring", path: "/metrics", want: http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			response := serve(secured(t, newReviews(t)), test.authorization, test.path)
			g.Expect(response.Code).To(Equal(test.want))
			if test.want == http.StatusOK {
				g.Expect(response.Body.String()).To(Equal("metrics"))
			} else {
				g.Expect(response.Body.String()).NotTo(ContainSubstring("metrics"))
			}
		})
	}
}

func TestSecureServingRemembersAnswers(t *testing.T) {
	g := NewWithT(t)
	reviews := newReviews(t)
	handler := secured(t, reviews)
	for range 3 {
		g.Expect(serve(handler, "Bearer monitoring", "/metrics").Code).To(Equal(http.StatusOK))
		g.Expect(serve(handler, "Bearer stranger", "/metrics").Code).To(Equal(http.StatusForbidden))
		g.Expect(serve(handler, "Bearer monitoring", "/other").Code).To(Equal(http.StatusForbidden))
	}
	g.Expect(reviews.asked.Load()).To(BeEquivalentTo(3 * 2))
}

func TestSecureServingWithoutAPIServer(t *testing.T) {
	g := NewWithT(t)
	reviews := newReviews(t)
	handler := secured(t, reviews)
	reviews.broken.Store(true)
	response := serve(handler, "Bearer monitoring", "/metrics")
	g.Expect(response.Code).To(Equal(http.StatusInternalServerError))
	g.Expect(response.Body.String()).NotTo(ContainSubstring("metrics"))

	reviews.broken.Store(false)
	g.Expect(serve(handler, "Bearer monitoring", "/metrics").Code).To(Equal(http.StatusOK), "a failure is not remembered")
}

// reviews answers like the API server: it knows two users by their tokens, of which one may get /metrics.
type reviews struct {
	*httptest.Server
	asked  atomic.Int32
	broken atomic.Bool
}

func newReviews(t *testing.T) *reviews {
	r := &reviews{}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *reviews) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.asked.Add(1)
	if r.broken.Load() {
		http.Error(w, "no", http.StatusServiceUnavailable)
		return
	}
	var answer any
	if strings.HasSuffix(request.URL.Path, "/tokenreviews") {
		var review authenticationv1.TokenReview
		_ = json.NewDecoder(request.Body).Decode(&review)
		review.Status.User.Username = review.Spec.Token
		review.Status.Authenticated = review.Spec.Token != "forged"
		answer = review
	} else {
		var review authorizationv1.SubjectAccessReview
		_ = json.NewDecoder(request.Body).Decode(&review)
		attributes := review.Spec.NonResourceAttributes
		review.Status.Allowed = review.Spec.User == "monitoring" && attributes.Verb == "get" && attributes.Path == "/metrics"
		answer = review
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(answer)
}

// secured returns what a program serves by default where its metrics are.
func secured(t *testing.T, r *reviews) http.Handler {
	t.Helper()
	opts := component.MetricsOptions(&componentconfig.MetricsServer{}, &componentconfig.Debugging{})
	config := &rest.Config{Host: r.URL, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}
	filter, err := opts.FilterProvider(config, r.Client())
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	handler, err := filter(logr.Discard(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("metrics")) }))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return handler
}

func serve(handler http.Handler, authorization, path string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(http.MethodGet, path, nil)
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	response := httptest.NewRecorder()
	handler.ServeHTTP(response, request)
	return response
}
