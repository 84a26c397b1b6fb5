// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package component

import (
	"io"
	"net/http"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

// client-go's own metrics know neither the resource of a request nor what comes in by watches, which is most of it.
var (
	resourceRequests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rest_client_resource_requests_total",
		Help: "Number of requests to the API server by what they are about. Those without an answer have no code.",
	}, []string{"verb", "group", "resource", "subresource", "code"})
	receivedBytes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rest_client_received_bytes_total",
		Help: "Bytes in the bodies of the API server's answers, those of watches as they come; after decompression.",
	}, []string{"verb", "group", "resource"})
	sentBytes = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "rest_client_sent_bytes_total",
		Help: "Bytes in the bodies of requests to the API server.",
	}, []string{"verb", "group", "resource"})
)

func init() {
	metrics.Registry.MustRegister(resourceRequests, receivedBytes, sentBytes)
}

// countingTransport counts requests and bytes by what they are about.
type countingTransport struct {
	next http.RoundTripper
}

var _ http.RoundTripper = countingTransport{}

func newCountingTransport(next http.RoundTripper) http.RoundTripper {
	return countingTransport{next: next}
}

func (t countingTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	about := subjectOf(request)
	response, err := t.next.RoundTrip(request)
	code := ""
	if err == nil {
		code = strconv.Itoa(response.StatusCode)
	}
	resourceRequests.WithLabelValues(about.verb, about.group, about.resource, about.subresource, code).Inc()
	if request.ContentLength > 0 {
		sentBytes.WithLabelValues(about.verb, about.group, about.resource).Add(float64(request.ContentLength))
	}
	if err != nil {
		return nil, err
	}
	response.Body = &countingBody{ReadCloser: response.Body, count: receivedBytes.WithLabelValues(about.verb, about.group, about.resource)}
	return response, nil
}

// countingBody counts what is read of it.
type countingBody struct {
	io.ReadCloser
	count prometheus.Counter
}

func (b *countingBody) Read(buffer []byte) (int, error) {
	n, err := b.ReadCloser.Read(buffer)
	b.count.Add(float64(n))
	return n, err
}
