// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
)

// traffic is what an operator asks of the API server.
type traffic struct {
	lock     sync.Mutex
	requests []*request
	before   func(request)
}

// request is a request and how it was answered. Its code is 0 until it is.
type request struct {
	method, resource, name string
	code                   int
}

func (t *traffic) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		seen := parse(r)
		t.lock.Lock()
		before := t.before
		t.requests = append(t.requests, seen)
		t.lock.Unlock()
		if before != nil {
			before(*seen)
		}
		response, err := next.RoundTrip(r)
		if err == nil {
			t.lock.Lock()
			seen.code = response.StatusCode
			t.lock.Unlock()
		}
		return response, err
	})
}

// parse takes a path like /apis/apps/v1/namespaces/NS/deployments/NAME/status apart.
func parse(r *http.Request) *request {
	seen := &request{method: r.Method}
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if i := slices.Index(parts, "namespaces"); i >= 0 && len(parts) > i+2 {
		parts = parts[i+2:]
		seen.resource = parts[0]
		if len(parts) > 1 {
			seen.name = parts[1]
		}
		if len(parts) > 2 {
			seen.resource += "/" + parts[2]
		}
	}
	return seen
}

// interfere has f called before each request.
func (t *traffic) interfere(f func(request)) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.before = f
}

// reset forgets all requests, those too that are not answered yet: what they change can be seen before.
func (t *traffic) reset() {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.requests = nil
}

// writes returns the answered requests that could change something in a namespace, as "METHOD resource code".
func (t *traffic) writes() []string {
	t.lock.Lock()
	defer t.lock.Unlock()
	var writes []string
	for _, r := range t.requests {
		if r.resource != "" && r.method != http.MethodGet && r.code != 0 {
			writes = append(writes, strings.Join([]string{r.method, r.resource, http.StatusText(r.code)}, " "))
		}
	}
	return writes
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
