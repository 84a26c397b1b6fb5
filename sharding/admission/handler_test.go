// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
)

const felix = `{"metadata":{"name":"felix","namespace":"home"}}`

func TestBadRequestsPass(t *testing.T) {
	good := question{object: felix}.body()
	for name, test := range map[string]struct {
		path, contentType, body string
		wantNoUID               bool
	}{
		"ring that is gone":            {path: "/webhooks/sharder/controllerring/dogs"},
		"path below a ring":            {path: catsPath + "/felix"},
		"no ring":                      {path: "/webhooks/sharder/controllerring/"},
		"another content type":         {contentType: "application/yaml"},
		"no content type":              {contentType: "none"},
		"empty body":                   {body: " ", wantNoUID: true},
		"no JSON":                      {body: "kind: AdmissionReview", wantNoUID: true},
		"no object":                    {body: `[]`, wantNoUID: true},
		"review without a request":     {body: `{"kind":"AdmissionReview"}`, wantNoUID: true},
		"truncated":                    {body: good[:len(good)-20]},
		"more than a review":           {body: good + `{}`},
		"object of another type":       {body: question{object: `"felix"`}.body()},
		"object without metadata":      {body: question{object: `{"spec":{}}`, name: "felix"}.body()},
		"metadata of another type":     {body: question{object: `{"metadata":"felix"}`}.body()},
		"name of another type":         {body: question{object: `{"metadata":{"name":{"a":1}}}`, name: "felix"}.body()},
		"owners of another type":       {body: question{object: `{"metadata":{"name":"felix","ownerReferences":{}}}`}.body()},
		"nested more deeply than JSON": {body: question{object: `{"metadata":{"name":"felix"},"spec":` + strings.Repeat("[", 1<<20)}.body()},
		"more than 8 MiB":              {body: question{object: `{"metadata":{"name":"felix"},"spec":"` + strings.Repeat("x", 8<<20) + `"}`}.body()},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			if test.path == "" {
				test.path = catsPath
			}
			if test.body == "" {
				test.body = good
			}
			request := post(test.path, test.body)
			switch test.contentType {
			case "":
			case "none":
				request.Header.Del("Content-Type")
			default:
				request.Header.Set("Content-Type", test.contentType)
			}

			response := ask(t, cats(threeShards), request)
			g.Expect(response.Patch).To(BeNil())
			if !test.wantNoUID {
				g.Expect(string(response.UID)).To(Equal("uid-1"))
			}
		})
	}
}

func TestGoodRequests(t *testing.T) {
	for name, test := range map[string]struct {
		contentType, body string
	}{
		"content type with a parameter": {"application/json; charset=utf-8", question{object: felix}.body()},
		"3 MB, and 3 MB before":         {"application/json", question{object: large(t, 3_000_000)}.body() + strings.Repeat(" ", 3_000_000)},
		"deeply nested":                 {"application/json", question{object: `{"spec":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `,"metadata":{"name":"felix","namespace":"home"}}`}.body()},
	} {
		t.Run(name, func(t *testing.T) {
			request := post(catsPath, test.body)
			request.Header.Set("Content-Type", test.contentType)
			NewWithT(t).Expect(ask(t, cats(threeShards), request).Patch).NotTo(BeNil())
		})
	}
}

// large returns a Cat of about the given size whose metadata come last.
func large(t testing.TB, size int) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(`{"data":{`)
	for b.Len() < size {
		b.WriteString(`"name":"a string of some length","list":[1,2.5,true,null],`)
	}
	b.WriteString(`"end":{}},"metadata":{"name":"felix","namespace":"home"}}`)
	return b.String()
}

func TestMetrics(t *testing.T) {
	g := NewWithT(t)
	count := func(ring, outcome string) float64 {
		families, err := metrics.Registry.Gather()
		g.Expect(err).NotTo(HaveOccurred())
		for _, family := range families {
			for _, metric := range family.GetMetric() {
				if family.GetName() == "controller_sharding_admission_requests_total" &&
					metric.GetLabel()[0].GetValue() == outcome && metric.GetLabel()[1].GetValue() == ring {
					return metric.GetCounter().GetValue()
				}
			}
		}
		return 0
	}
	ring := cats(threeShards)
	ring.Name = "lions"
	path := "/webhooks/sharder/controllerring/lions"
	unknown := count("", "unknown_ring")
	for range 2 {
		ask(t, ring, post(path, question{object: felix}.body()))
	}
	ask(t, ring, post(path, question{object: `{"metadata":{"generateName":"felix-"}}`}.body()))
	ask(t, ring, post(path, `{`))
	ask(t, ring, post("/webhooks/sharder/controllerring/whatever", question{object: felix}.body()))

	g.Expect(count("lions", "assigned")).To(Equal(2.0))
	g.Expect(count("lions", "unnamed")).To(Equal(1.0))
	g.Expect(count("lions", "unreadable")).To(Equal(1.0))
	g.Expect(count("", "unknown_ring")).To(Equal(unknown + 1))
	g.Expect(count("whatever", "unknown_ring")).To(BeZero(), "anybody could make up any number of rings")

	admission.Forget("lions")
	g.Expect(count("lions", "assigned")).To(BeZero())
	g.Expect(testutil.GatherAndLint(metrics.Registry, "controller_sharding_admission_requests_total", "controller_sharding_admission_request_duration_seconds")).To(BeEmpty())
}

func TestLogsAreBounded(t *testing.T) {
	g := NewWithT(t)
	lines := 0
	log := funcr.New(func(_, args string) {
		lines++
		g.Expect(args).To(ContainSubstring(`"ring"="cats"`))
	}, funcr.Options{})
	handler := admission.NewHandler(admission.Only(cats(threeShards)), log)
	for range 1000 {
		handler.ServeHTTP(httptest.NewRecorder(), post(catsPath, `{`))
	}
	g.Expect(lines).To(And(BeNumerically(">=", 1), BeNumerically("<", 20)))
}

func TestRegister(t *testing.T) {
	g := NewWithT(t)
	server := webhook.NewServer(webhook.Options{})
	admission.Register(server, admission.Only(cats(threeShards)), logr.Discard())

	recorder := httptest.NewRecorder()
	server.WebhookMux().ServeHTTP(recorder, post(catsPath, question{object: felix}.body()))
	g.Expect(recorder.Code).To(Equal(http.StatusOK))
	g.Expect(bytes.Contains(recorder.Body.Bytes(), []byte(`"patchType":"JSONPatch"`))).To(BeTrue())
}
