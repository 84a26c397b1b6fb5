// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"errors"
	"io"
	"net/http"
	"sync"
)

var errCut = errors.New("the network is cut")

// network is an instance's connection to the API server. It can be cut, which also ends the watches.
type network struct {
	mu   sync.Mutex
	down bool
	open map[io.Closer]struct{}
}

func newNetwork() *network { return &network{open: map[io.Closer]struct{}{}} }

func (n *network) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripperFunc(func(request *http.Request) (*http.Response, error) {
		if n.isDown() {
			return nil, errCut
		}
		response, err := next.RoundTrip(request)
		if err != nil {
			return nil, err
		}
		return n.track(response)
	})
}

func (n *network) isDown() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.down
}

// track makes sure that the response is closed when the network is cut.
func (n *network) track(response *http.Response) (*http.Response, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.down {
		_ = response.Body.Close()
		return nil, errCut
	}
	body := &trackedBody{ReadCloser: response.Body, network: n}
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
	n.mu.Lock()
	defer n.mu.Unlock()
	n.down = false
}

type trackedBody struct {
	io.ReadCloser
	network *network
}

func (b *trackedBody) Close() error {
	b.network.mu.Lock()
	delete(b.network.open, b.ReadCloser)
	b.network.mu.Unlock()
	return b.ReadCloser.Close()
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
