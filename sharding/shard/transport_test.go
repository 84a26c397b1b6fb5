// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"
)

// guardedServer is an API server, for what the transport knows of it, behind a guarded client.
type guardedServer struct {
	*httptest.Server
	client  *http.Client
	arrived atomic.Int32
	handle  http.HandlerFunc // answers requests, if set
}

func newGuardedServer(t *testing.T, guard *guard) *guardedServer {
	t.Helper()
	s := &guardedServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.arrived.Add(1)
		if s.handle != nil {
			s.handle(w, r)
		}
	}))
	t.Cleanup(s.Close)
	s.client = &http.Client{Transport: &guardedTransport{guard: guard, next: s.Server.Client().Transport}}
	return s
}

func (s *guardedServer) do(ctx context.Context, method, path string, body io.Reader) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, s.URL+path, body)
	if err != nil {
		return nil, err
	}
	return s.client.Do(request)
}

func inFlight(guard *guard) int {
	guard.mu.Lock()
	defer guard.mu.Unlock()
	return guard.inFlight
}

func TestTransport(t *testing.T) {
	const objects = "/apis/apps/v1/namespaces/default/deployments"

	for name, test := range map[string]struct {
		method, path string
		write        bool
	}{
		"get":               {method: http.MethodGet, path: objects + "/a"},
		"watch":             {method: http.MethodGet, path: objects + "?watch=true"},
		"head":              {method: http.MethodHead, path: objects},
		"options":           {method: http.MethodOptions, path: objects},
		"create":            {method: http.MethodPost, path: objects, write: true},
		"update":            {method: http.MethodPut, path: objects + "/a", write: true},
		"update of status":  {method: http.MethodPut, path: objects + "/a/status", write: true},
		"patch":             {method: http.MethodPatch, path: objects + "/a", write: true},
		"delete":            {method: http.MethodDelete, path: objects + "/a", write: true},
		"delete collection": {method: http.MethodDelete, path: objects, write: true},
		"an unknown method": {method: "MERGE", path: objects, write: true},
		"event":             {method: http.MethodPost, path: "/apis/events.k8s.io/v1/namespaces/default/events", write: true},
		"token request":     {method: http.MethodPost, path: "/api/v1/namespaces/default/serviceaccounts/a/token", write: true},
		"token review":      {method: http.MethodPost, path: "/apis/authentication.k8s.io/v1/tokenreviews"},
		"access review":     {method: http.MethodPost, path: "/apis/authorization.k8s.io/v1/subjectaccessreviews"},
		"access review behind a proxy": {
			method: http.MethodPost, path: "/k8s/clusters/a/apis/authorization.k8s.io/v1/namespaces/default/localsubjectaccessreviews",
		},
	} {
		for situation, prepare := range map[string]func() (guard *guard, mayWrite bool){
			"before the lease is acquired": func() (*guard, bool) {
				guard, _ := newTestGuard()
				return guard, false
			},
			"while the lease is held": func() (*guard, bool) {
				guard, _ := newHeldGuard()
				return guard, true
			},
			"when the lease was not renewed in time": func() (*guard, bool) {
				guard, clock := newHeldGuard()
				clock.SetTime(begin.Add(testRenewDeadline))
				return guard, false
			},
			"when the lease is lost": func() (*guard, bool) {
				guard, _ := newHeldGuard()
				guard.lose(errors.New("taken"))
				return guard, false
			},
			"when the lease was released": func() (*guard, bool) {
				guard, _ := newHeldGuard()
				_ = guard.release()
				return guard, false
			},
		} {
			t.Run(name+" "+situation, func(t *testing.T) {
				g := NewWithT(t)
				guard, mayWrite := prepare()
				server := newGuardedServer(t, guard)
				body := &closeRecorder{Reader: strings.NewReader("{}")}

				response, err := server.do(t.Context(), test.method, test.path, body)
				if test.write && !mayWrite {
					g.Expect(err).To(MatchError(ErrNotHeld))
					g.Expect(server.arrived.Load()).To(BeZero())
					g.Expect(body.closed.Load()).To(BeTrue())
				} else {
					g.Expect(err).NotTo(HaveOccurred())
					g.Expect(response.Body.Close()).To(Succeed())
					g.Expect(server.arrived.Load()).To(BeEquivalentTo(1))
				}
				g.Expect(inFlight(guard)).To(BeZero())
			})
		}
	}
}

func TestTransportCountsAWriteUntilItsAnswerIsRead(t *testing.T) {
	g := NewWithT(t)
	guard, _ := newHeldGuard()
	server := newGuardedServer(t, guard)
	meanwhile := make(chan int, 1)
	server.handle = func(w http.ResponseWriter, _ *http.Request) {
		meanwhile <- inFlight(guard)
		_, _ = io.WriteString(w, "answer")
	}

	response, err := server.do(t.Context(), http.MethodPost, "/", nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(meanwhile).To(Receive(Equal(1)))
	g.Expect(inFlight(guard)).To(Equal(1))
	g.Expect(io.ReadAll(response.Body)).To(BeEquivalentTo("answer"))
	g.Expect(inFlight(guard)).To(Equal(1))
	g.Expect(response.Body.Close()).To(Succeed())
	g.Expect(inFlight(guard)).To(BeZero())
	_ = response.Body.Close()
	g.Expect(inFlight(guard)).To(BeZero(), "closing again counts nothing")
}

func TestTransportDoesNotCountReads(t *testing.T) {
	g := NewWithT(t)
	guard, _ := newHeldGuard()
	server := newGuardedServer(t, guard)

	response, err := server.do(t.Context(), http.MethodGet, "/?watch=true", nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(inFlight(guard)).To(BeZero(), "a watch that is open must not keep the lease from being released")
	g.Expect(response.Body.Close()).To(Succeed())
}

func TestTransportForgetsAWriteThatFails(t *testing.T) {
	g := NewWithT(t)
	guard, _ := newHeldGuard()
	server := newGuardedServer(t, guard)
	server.Close()

	_, err := server.do(t.Context(), http.MethodPost, "/", nil)
	g.Expect(err).To(HaveOccurred())
	g.Expect(err).NotTo(MatchError(ErrNotHeld))
	g.Expect(inFlight(guard)).To(BeZero())
}

func TestTransportForgetsAWriteThatItsCallerCancels(t *testing.T) {
	g := NewWithT(t)
	guard, _ := newHeldGuard()
	server := newGuardedServer(t, guard)
	ctx, cancel := context.WithCancel(t.Context())
	server.handle = func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}

	_, err := server.do(ctx, http.MethodPost, "/", nil)
	g.Expect(err).To(MatchError(context.Canceled))
	g.Expect(inFlight(guard)).To(BeZero())
}

func TestTransportCancelsAWriteWhenTheLeaseExpires(t *testing.T) {
	g := NewWithT(t)
	const leaseDuration = 200 * time.Millisecond
	clock := clocktesting.NewFakePassiveClock(begin) // only the timer is real, so this cannot come too late
	guard := newGuard(clock, leaseDuration, leaseDuration-1)
	guard.renew(begin)
	server := newGuardedServer(t, guard)
	cancelled := make(chan struct{})
	server.handle = func(_ http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		close(cancelled)
	}

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // in case that nothing else cancels it
	defer cancel()
	sent := time.Now()
	_, err := server.do(ctx, http.MethodPatch, "/", nil)
	g.Expect(err).To(MatchError(context.DeadlineExceeded))
	g.Expect(ctx.Err()).NotTo(HaveOccurred())
	g.Expect(time.Since(sent)).To(BeNumerically(">=", leaseDuration))
	g.Expect(inFlight(guard)).To(BeZero())
	g.Eventually(cancelled, time.Minute).Should(BeClosed(), "the server has to hear of it")
}

type closeRecorder struct {
	io.Reader
	closed atomic.Bool
}

func (c *closeRecorder) Close() error {
	c.closed.Store(true)
	return nil
}
