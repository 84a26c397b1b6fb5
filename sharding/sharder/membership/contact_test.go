// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package membership

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

func TestContact(t *testing.T) {
	for status, isContact := range map[int]bool{
		http.StatusOK:                  true,
		http.StatusCreated:             true,
		http.StatusForbidden:           true,
		http.StatusNotFound:            true,
		http.StatusConflict:            true,
		http.StatusTooManyRequests:     true,
		http.StatusInternalServerError: false,
		http.StatusServiceUnavailable:  false,
		http.StatusGatewayTimeout:      false,
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			g := NewWithT(t)
			clock := clocktesting.NewFakePassiveClock(testring.Begin)
			c := &Contact{clock: clock}
			g.Expect(c.at()).To(BeZero(), "nothing was answered so far")

			answer := &http.Response{StatusCode: status}
			transport := c.Wrap(roundTripperFunc(func(*http.Request) (*http.Response, error) {
				clock.SetTime(testring.Begin.Add(time.Second)) // what counts is when the answer came
				return answer, nil
			}))
			response, err := transport.RoundTrip(&http.Request{})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(response).To(BeIdenticalTo(answer))
			if isContact {
				g.Expect(c.at()).To(Equal(testring.Begin.Add(time.Second)))
			} else {
				g.Expect(c.at()).To(BeZero())
			}
		})
	}
}

func TestContactIsTheLastOne(t *testing.T) {
	g := NewWithT(t)
	clock := clocktesting.NewFakePassiveClock(testring.Begin)
	c := &Contact{clock: clock}
	unreachable := errors.New("unreachable")
	var fail error
	transport := c.Wrap(roundTripperFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK}, fail
	}))

	_, err := transport.RoundTrip(&http.Request{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.at()).To(Equal(testring.Begin))

	clock.SetTime(testring.Begin.Add(time.Second))
	fail = unreachable
	_, err = transport.RoundTrip(&http.Request{})
	g.Expect(err).To(BeIdenticalTo(unreachable))
	g.Expect(c.at()).To(Equal(testring.Begin), "an error is no contact")

	fail = nil
	_, err = transport.RoundTrip(&http.Request{})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.at()).To(Equal(testring.Begin.Add(time.Second)))
}

func TestEventsAreContact(t *testing.T) {
	g := NewWithT(t)
	clock := clocktesting.NewFakePassiveClock(testring.Begin)
	c := NewContact(clock)
	transport := c.Wrap(roundTripperFunc(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("event"))}, nil
	}))
	response, err := transport.RoundTrip(&http.Request{})
	g.Expect(err).NotTo(HaveOccurred())

	clock.SetTime(testring.Begin.Add(time.Minute)) // a watch has gone on so long
	g.Expect(io.ReadAll(response.Body)).To(BeEquivalentTo("event"))
	g.Expect(c.at()).To(Equal(testring.Begin.Add(time.Minute)))
	clock.SetTime(testring.Begin.Add(time.Hour))
	_, err = response.Body.Read(make([]byte, 1))
	g.Expect(err).To(MatchError(io.EOF))
	g.Expect(c.at()).To(Equal(testring.Begin.Add(time.Minute)), "the end of a watch says nothing")
	g.Expect(response.Body.Close()).To(Succeed())
}
