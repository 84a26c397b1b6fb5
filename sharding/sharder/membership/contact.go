// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package membership

import (
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"k8s.io/utils/clock"
)

// Contact remembers when the API server last let the sharder hear something, be it an answer or an event of a watch. The
// leases of other shards that are renewed, or the sharder's own, make sure that there is something to hear.
type Contact struct {
	clock clock.PassiveClock
	last  atomic.Pointer[time.Time]
}

// NewContact returns a contact that has not been made.
func NewContact(clock clock.PassiveClock) *Contact { return &Contact{clock: clock} }

// at returns the time of the last answer, or the zero time.
func (c *Contact) at() time.Time {
	if last := c.last.Load(); last != nil {
		return *last
	}
	return time.Time{}
}

// Wrap makes the transport note the answers that come through it.
func (c *Contact) Wrap(next http.RoundTripper) http.RoundTripper {
	return roundTripperFunc(func(request *http.Request) (*http.Response, error) {
		response, err := next.RoundTrip(request)
		if err == nil && response.StatusCode < http.StatusInternalServerError {
			c.note()
			if response.Body != nil {
				response.Body = &heardBody{ReadCloser: response.Body, contact: c}
			}
		}
		return response, err
	})
}

func (c *Contact) note() {
	now := c.clock.Now()
	c.last.Store(&now)
}

// heardBody notes what is read from it.
type heardBody struct {
	io.ReadCloser
	contact *Contact
}

func (b *heardBody) Read(buffer []byte) (int, error) {
	n, err := b.ReadCloser.Read(buffer)
	if n > 0 {
		b.contact.note()
	}
	return n, err
}

type roundTripperFunc func(*http.Request) (*http.Response, error)

func (f roundTripperFunc) RoundTrip(request *http.Request) (*http.Response, error) { return f(request) }
