// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/go-logr/logr"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

// BenchmarkHandler answers requests for objects of 5 KB with 10 shards, from the request's first byte to the answer's
// last. An update comes with the object as it was before, so it is nearly twice as long. The aim is to stay below 20 µs
// and 50 allocations.
//
//	go test -run - -bench Handler -benchmem ./sharding/admission
func BenchmarkHandler(b *testing.B) {
	shards := map[string]lease.State{}
	for i := range 10 {
		shards[fmt.Sprintf("shard-%d", i)] = lease.Ready
	}
	handler := admission.NewHandler(admission.Only(cats(shards)), logr.Discard())
	object := cat(5000)
	for _, test := range []struct{ name, body string }{
		{"create", question{name: "felix", namespace: "home", object: object}.body()},
		{"update", strings.Replace(question{operation: "UPDATE", name: "felix", namespace: "home", object: object}.body(), `"oldObject":`, `"oldObject":`+object+`,"unused":`, 1)},
		{"3MB", question{name: "felix", namespace: "home", object: large(b, 3_000_000)}.body()},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			b.ReportMetric(float64(len(test.body)), "B/request")
			body := strings.NewReader("")
			request := httptest.NewRequest(http.MethodPost, catsPath, http.NoBody)
			request.Header.Set("Content-Type", "application/json")
			request.Body = io.NopCloser(body)
			for b.Loop() {
				body.Reset(test.body)
				recorder := httptest.NewRecorder()
				handler.ServeHTTP(recorder, request)
				if !strings.Contains(recorder.Body.String(), `"patch":`) {
					b.Fatal("the object must be assigned")
				}
			}
		})
	}
}

// cat returns a Cat of the given size, with what objects usually carry in their metadata.
func cat(size int) string {
	var b strings.Builder
	b.WriteString(`{"apiVersion":"example.com/v1","kind":"Cat","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"{\"apiVersion\":\"example.com/v1\",\"kind\":\"Cat\",\"metadata\":{\"annotations\":{},\"name\":\"felix\"},\"spec\":{\"theme\":\"lagoon\"}}\n"},` +
		`"creationTimestamp":"2026-11-21T14:00:00Z","generation":1,"labels":{"app.kubernetes.io/name":"cat","team":"garden"},"managedFields":[{"apiVersion":"example.com/v1","fieldsType":"FieldsV1",` +
		`"fieldsV1":{"f:metadata":{"f:annotations":{".":{},"f:kubectl.kubernetes.io/last-applied-configuration":{}},"f:labels":{".":{},"f:app.kubernetes.io/name":{},"f:team":{}}},"f:spec":{".":{},"f:theme":{}}},` +
		`"manager":"kubectl","operation":"Update","time":"2026-11-21T14:00:00Z"}],"name":"felix","namespace":"home","uid":"6b7bafe6-7ea2-4dfa-a4b7-6f5c9ef8d2e5"},"spec":{"toys":[`)
	for i := 0; b.Len() < size-80; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"name":"toy-%d","value":"some value of some length","port":%d,"enabled":true}`, i, 8000+i)
	}
	b.WriteString(`],"theme":"lagoon"}}`)
	return b.String()
}
