// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
)

// guardedTransport refuses writes while the guard does, right before they are sent: after rate limits and retries of
// the client have taken their time. A write is cancelled when the lease that it was begun under expires, even if the
// lease was renewed since: none should take that long.
type guardedTransport struct {
	guard *guard
	next  http.RoundTripper
}

var _ http.RoundTripper = &guardedTransport{}

func (t *guardedTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	if !changesObjects(request) {
		return t.next.RoundTrip(request)
	}

	until, err := t.guard.enter()
	if err != nil {
		if request.Body != nil {
			_ = request.Body.Close() // as every RoundTripper has to
		}
		return nil, err
	}
	ctx, cancel := context.WithTimeout(request.Context(), until.Sub(t.guard.clock.Now()))
	done := sync.OnceFunc(func() {
		cancel()
		t.guard.leave()
	})

	response, err := t.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		done()
		return nil, err
	}
	response.Body = &closingBody{ReadCloser: response.Body, done: done}
	return response, nil
}

// changesObjects reports whether the request is a write. Reviews are not: they are questions that are asked by POST,
// for example when metrics are scraped, whether the lease is held or not.
func changesObjects(request *http.Request) bool {
	switch request.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return !strings.Contains(request.URL.Path, "/apis/authentication.k8s.io/") &&
		!strings.Contains(request.URL.Path, "/apis/authorization.k8s.io/")
}

// closingBody calls done when the body is closed.
type closingBody struct {
	io.ReadCloser
	done func()
}

func (b *closingBody) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}
