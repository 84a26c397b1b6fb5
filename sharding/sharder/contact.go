// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"net/http"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// contact remembers when the API server last answered. While the sharder leads, renewing its own lease makes sure that
// it asks often enough.
type contact struct {
	clock clock.PassiveClock
	last  atomic.Pointer[time.Time]
}

// at returns the time of the last answer, or the zero time.
func (c *contact) at() time.Time {
	if last := c.last.Load(); last != nil {
		return *last
	}
	return time.Time{}
}

// wrap makes the transport note the answers that come through it.
func (c *contact) wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripperFunc(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err == nil && response.StatusCode < http.StatusInternalServerError {
			now := c.clock.Now()
			c.last.Store(&now)
		}
		return response, err
	})
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
