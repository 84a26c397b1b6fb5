// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package work

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	. "github.com/onsi/gomega"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// working runs work until the test ends, and returns a channel that is closed when it has ended.
func working(t *testing.T, concurrency int, q Queue[string], do reconcile.TypedFunc[string], logged *atomic.Int32) (stop func()) {
	t.Helper()
	log := funcr.New(func(string, string) { logged.Add(1) }, funcr.Options{})
	ctx, cancel := context.WithCancel(logr.NewContext(context.Background(), log))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		Run(ctx, "test", concurrency, do, q)
	}()
	stop = func() {
		cancel()
		NewWithT(t).Eventually(ended, time.Minute).Should(BeClosed())
	}
	t.Cleanup(stop)
	return stop
}

func TestWorkTriesAgain(t *testing.T) {
	g := NewWithT(t)
	var logged atomic.Int32
	q := NewQueue[string]("test", MinBackoff, MaxBackoff)
	tries := map[string]int{}
	done := make(chan map[string]int)
	working(t, 1, q, func(_ context.Context, request string) (reconcile.Result, error) {
		tries[request]++
		switch {
		case request == "end":
			done <- tries
		case tries[request] > 2:
			if len(tries) == 3 && tries["fails"] > 2 && tries["waits"] > 2 && tries["later"] > 2 {
				q.Add("end")
			}
		case request == "fails":
			return reconcile.Result{}, errors.New("service unavailable")
		case request == "waits":
			return reconcile.Result{}, ErrWaiting
		default:
			return reconcile.Result{RequeueAfter: time.Millisecond}, nil
		}
		return reconcile.Result{}, nil
	}, &logged)
	for _, request := range []string{"fails", "waits", "later"} {
		q.Add(request)
	}
	g.Eventually(done, time.Minute).Should(Receive(Equal(map[string]int{"fails": 3, "waits": 3, "later": 3, "end": 1})))
	g.Expect(logged.Load()).To(BeEquivalentTo(2), "to wait is no error")
}

func TestWorkEndsWhenAllIsDone(t *testing.T) {
	g := NewWithT(t)
	var logged, running atomic.Int32
	q := NewQueue[string]("test", MinBackoff, MaxBackoff)
	stop := working(t, 2, q, func(ctx context.Context, _ string) (reconcile.Result, error) {
		running.Add(1)
		defer running.Add(-1)
		<-ctx.Done()
		return reconcile.Result{}, ctx.Err()
	}, &logged)
	for _, request := range []string{"a", "b", "c"} {
		q.Add(request)
	}
	g.Eventually(running.Load, time.Minute).Should(BeEquivalentTo(2))
	g.Consistently(running.Load).Should(BeEquivalentTo(2))
	stop()
	g.Expect(running.Load()).To(BeZero())
	g.Expect(q.ShuttingDown()).To(BeTrue())
	g.Expect(logged.Load()).To(BeZero(), "what fails at the end fails because of that")
}
