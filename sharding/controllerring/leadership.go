// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"context"
	"sync"

	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// leadership is whether this process leads. One leader leads all rings.
type leadership struct {
	// elected is called when the process was elected.
	elected func()

	mu      sync.Mutex
	ctx     context.Context // ends with the leadership; nil without one
	running sync.WaitGroup
}

var _ manager.LeaderElectionRunnable = &leadership{}

// NeedLeaderElection is true: being started means being elected.
func (l *leadership) NeedLeaderElection() bool { return true }

// Start is one term. It returns when nothing of it runs any more, so that the lease is released only then.
func (l *leadership) Start(ctx context.Context) error {
	l.mu.Lock()
	l.ctx = ctx
	l.mu.Unlock()
	l.elected()

	<-ctx.Done()
	l.mu.Lock()
	l.ctx = nil
	l.mu.Unlock()
	l.running.Wait()
	return nil
}

func (l *leadership) leads() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ctx != nil && l.ctx.Err() == nil
}

// leading is the leading sharder of one ring.
type leading struct {
	scope  scope.Scope
	cancel context.CancelFunc
	ended  chan struct{}
	err    error // why it ended, to be read after that
}

// begin runs the function until it is ended, or the leadership is. It returns nil if there is none.
func (l *leadership) begin(scope scope.Scope, run func(context.Context) error) *leading {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx == nil || l.ctx.Err() != nil {
		return nil
	}
	lead := &leading{scope: scope, ended: make(chan struct{})}
	var ctx context.Context
	ctx, lead.cancel = context.WithCancel(l.ctx)
	l.running.Go(func() {
		defer close(lead.ended)
		if err := run(ctx); ctx.Err() == nil { // what fails at the end fails because of that
			lead.err = err
		}
	})
	return lead
}

// end ends it and waits until nothing of it runs any more. There may be none.
func (l *leading) end() {
	if l != nil {
		l.cancel()
		<-l.ended
	}
}

// failure returns why it ended by itself, or nil while it runs.
func (l *leading) failure() error {
	select {
	case <-l.ended:
		return l.err
	default:
		return nil
	}
}
