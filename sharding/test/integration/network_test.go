// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
)

var errCut = errors.New("the network is cut")

// network is an instance's connection to the API server. It can be cut, which also ends the watches. And it can hold what
// is sent and what comes back.
type network struct {
	mu    sync.Mutex
	down  bool
	open  map[io.Closer]struct{}
	held  func(*http.Request) bool
	letGo chan struct{}
	kept  int // how many are held now
}

func newNetwork() *network { return &network{open: map[io.Closer]struct{}{}} }

func (n *network) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripperFunc(func(request *http.Request) (*http.Response, error) {
		n.linger(request)
		if n.isDown() {
			return nil, errCut
		}
		response, err := next.RoundTrip(request)
		if err != nil {
			return nil, err
		}
		return n.track(request, response)
	})
}

func (n *network) isDown() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.down
}

// track makes sure that the response is closed when the network is cut.
func (n *network) track(request *http.Request, response *http.Response) (*http.Response, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		_ = response.Body.Close()
		return nil, errCut
	}
	body := &trackedBody{ReadCloser: response.Body, request: request, network: n}
	n.open[body.ReadCloser] = struct{}{}
	response.Body = body
	return response, nil
}

func (n *network) cut() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = true
	for body := range n.open {
		_ = body.Close()
	}
}

func (n *network) heal() {
	n.release()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = false
}

// hold keeps those requests that match from being sent, and the answers to those that were sent from coming back, until
// they are released.
func (n *network) hold(match func(*http.Request) bool) {
	n.release()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.held, n.letGo = match, make(chan struct{})
}

func (n *network) release() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.letGo != nil {
		close(n.letGo)
	}
	n.held, n.letGo = nil, nil
}

// linger takes as long as the request is held.
func (n *network) linger(request *http.Request) {
	n.mu.Lock()
	held, letGo := n.held != nil && n.held(request), n.letGo
	if held {
		n.kept++
	}
	n.mu.Unlock()
	if !held {
		return
	}
	select {
	case <-letGo:
	case <-request.Context().Done():
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kept--
}

func (n *network) keeps() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.kept
}

// What may be held: the sharder's writes to the main objects, but those that drain, or these alone; what has to do with
// leases; and what a shard watches of the main objects.
func movesOf(r *testRing) func(*http.Request) bool {
	return func(request *http.Request) bool { return isWriteTo(r, request) && !drains(request) }
}

func drainsOf(r *testRing) func(*http.Request) bool {
	return func(request *http.Request) bool { return isWriteTo(r, request) && drains(request) }
}

func concernsLeases(request *http.Request) bool { return strings.Contains(request.URL.Path, "/leases") }

func watchesDeployments(request *http.Request) bool {
	return strings.HasSuffix(request.URL.Path, "/deployments") && request.URL.Query().Has("watch")
}

func isWriteTo(r *testRing, request *http.Request) bool {
	return request.Method == http.MethodPatch && strings.Contains(request.URL.Path, "/namespaces/"+r.namespace+"/deployments/")
}

func drains(request *http.Request) bool {
	body, err := request.GetBody()
	if err != nil {
		return false
	}
	content, err := io.ReadAll(body)
	return err == nil && strings.Contains(string(content), `"op":"add","path":"/metadata/labels/drain.alpha.sharding.timebertt.dev~1`)
}

type trackedBody struct {
	io.ReadCloser
	request *http.Request
	network *network
}

func (b *trackedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.network.linger(b.request)
	return n, err
}

func (b *trackedBody) Close() error {
	b.network.mu.Lock()
	delete(b.network.open, b.ReadCloser)
	b.network.mu.Unlock()
	return b.ReadCloser.Close()
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
