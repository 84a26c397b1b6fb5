// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package scrape reads the metrics and the profiles of instances, as monitoring does: with a token, and securely.
package scrape

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/instances"
)

// timeout is how long an instance may take to answer.
const timeout = 20 * time.Second

// Scraper reads what instances tell.
type Scraper struct {
	checkout checkout.Checkout
	token    string
	client   *http.Client
}

// Login returns a scraper with a service account of its own, which Forget removes.
func Login(ctx context.Context, c checkout.Checkout, api client.Client) (*Scraper, error) {
	token, err := login(ctx, api)
	if err != nil {
		return nil, err
	}
	transport := &http.Transport{
		// The certificate is made by the instance itself at its start, on this machine.
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS13, InsecureSkipVerify: true}, //nolint:gosec // nobody else signs it
		// A connection would outlive the instance, and count among what it holds.
		DisableKeepAlives: true,
	}
	return &Scraper{checkout: c, token: token, client: &http.Client{Transport: transport, Timeout: timeout}}, nil
}

// Metrics returns the metrics of an instance.
func (s *Scraper) Metrics(ctx context.Context, instance string) (Metrics, error) {
	body, err := s.get(ctx, instance, "/metrics")
	if err != nil {
		return nil, err
	}
	return Parse(bytes.NewReader(body))
}

// LiveHeap returns the bytes of the objects that are left on the heap of an instance after a collection. It serves
// profiles only if it is configured to.
func (s *Scraper) LiveHeap(ctx context.Context, instance string) (uint64, error) {
	// What has a finalizer is gone after the second collection only.
	if _, err := s.get(ctx, instance, "/debug/pprof/heap?gc=1&debug=1"); err != nil {
		return 0, err
	}
	body, err := s.get(ctx, instance, "/debug/pprof/heap?gc=1&debug=1")
	if err != nil {
		return 0, err
	}
	return parseHeap(bytes.NewReader(body))
}

func (s *Scraper) get(ctx context.Context, instance, path string) ([]byte, error) {
	_, port, err := instances.Ports(s.checkout, instance)
	if err != nil {
		return nil, err
	}
	url := "https://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) + path
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("asking %s for %s: %w", instance, path, err)
	}
	request.Header.Set("Authorization", "Bearer "+s.token)
	response, err := s.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking %s for %s: %w", instance, path, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("asking %s for %s: %w", instance, path, err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("asking %s for %s: %s", instance, path, response.Status)
	}
	return body, nil
}
