// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package measure measures how the operator does on the local cluster, alone and in shards: how long it takes, what it
// writes and what it needs when many websites are created, and when shards leave, crash or join.
//
// It looks from outside: at the websites by a watch, at the requests by the API server's audit log, and at the processes.
package measure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// Measurement is what is measured. All of it must be set, unless it says otherwise.
type Measurement struct {
	Checkout checkout.Checkout
	Clock    clock.WithTicker
	// Progress is told what goes on.
	Progress io.Writer
	// Websites is how many are created.
	Websites int
	// Shards is how many instances the sharded operator has; at least 2, so that one can leave.
	Shards int
	// Setups are measured one after the other.
	Setups []operator.Mode
	// Scenarios are measured where instances share the websites; there may be none.
	Scenarios []Scenario
	// Churn is how many websites are changed each second, where a scenario has that.
	Churn int
	// Seed chooses which.
	Seed uint64
	// Timeout is how long anything may take until it counts as not having happened.
	Timeout time.Duration
	// Witness looks at the scenarios as well; there may be none.
	Witness Witness
	// Before is what to have running in the end. Nil: what runs when the measurement begins.
	Before *bringup.Before

	client  client.Client
	tracker *Tracker
	churn   *churn
	begin   time.Time
}

// Run measures. It removes what it made, and leaves the checkout's cluster as it was, also when the context ends. What
// was measured until then is returned with the error.
func (m *Measurement) Run(ctx context.Context) (result Report, err error) {
	m.begin = m.Clock.Now()
	result = Report{Websites: m.Websites, Shards: m.Shards, Churn: m.Churn, Seed: m.Seed, Machine: machine.Describe(ctx, m.Checkout)}
	restore, err := m.restoring(ctx)
	if err != nil {
		return result, err
	}
	defer func() {
		// Everything is put back even if this was interrupted.
		err = errors.Join(err, restore(context.WithoutCancel(ctx)))
	}()
	for _, mode := range m.Setups {
		if err := m.setup(ctx, mode, &result); err != nil {
			return result, err
		}
	}
	return result, nil
}

// setup measures the operator in one mode.
func (m *Measurement) setup(ctx context.Context, mode operator.Mode, result *Report) error {
	m.say("%s: starting the operator", mode)
	shards := 0
	if mode.Shares() {
		shards = m.Shards
	}
	if err := m.start(ctx, mode, shards); err != nil {
		return err
	}
	var err error
	if m.client, err = kube.Client(m.Checkout.Kubeconfig()); err != nil {
		return err
	}
	if result.Machine.Kubernetes, err = kube.Version(m.Checkout.Kubeconfig()); err != nil {
		return err
	}
	if err := m.refuseForeign(ctx); err != nil {
		return err
	}
	if err := m.remove(ctx); err != nil {
		return err
	}

	watching, stop := context.WithCancel(ctx)
	defer stop()
	m.tracker = NewTracker()
	if err := follow(watching, m.Checkout.Kubeconfig(), m.tracker, m.Clock); err != nil {
		return err
	}
	m.churn = newChurn(m.client, m.tracker, m.Clock, keysOf(m.Websites), m.Churn, m.Seed)
	fill, err := m.fill(ctx, mode)
	if err != nil {
		return err
	}
	result.Fills = append(result.Fills, fill)
	if !mode.Shares() {
		return nil
	}
	if result.LeaseSeconds, err = m.leaseDurations(ctx); err != nil {
		return err
	}
	for _, scenario := range m.Scenarios {
		if !scenario.possible(mode) {
			continue
		}
		change, err := m.change(ctx, mode, scenario)
		if err != nil {
			return err
		}
		result.Changes = append(result.Changes, change)
	}
	return nil
}

// restoring looks what runs, and returns what brings that back and removes what the measurement made.
func (m *Measurement) restoring(ctx context.Context) (func(context.Context) error, error) {
	if m.Before == nil {
		before, err := bringup.LookBefore(ctx, m.Checkout)
		if err != nil {
			return nil, err
		}
		m.Before = &before
	}
	before := m.Before
	if !before.Ran() {
		return func(ctx context.Context) error {
			m.say("ending what was started")
			return before.Restore(ctx, m.Timeout, m.Progress)
		}, nil
	}
	// Nothing is touched if it cannot be measured here.
	var err error
	if m.client, err = kube.Client(m.Checkout.Kubeconfig()); err != nil {
		return nil, err
	}
	if err := m.refuseForeign(ctx); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		if err := m.remove(ctx); err != nil {
			return err
		}
		m.say("bringing back what ran before: %s", before.Asked.Mode)
		return before.Restore(ctx, m.Timeout, m.Progress)
	}, nil
}

// say tells what goes on, and since when.
func (m *Measurement) say(format string, arguments ...any) {
	elapsed := m.Clock.Since(m.begin).Round(time.Second)
	fmt.Fprintf(m.Progress, "%6s  %s\n", elapsed, fmt.Sprintf(format, arguments...))
}

// pause waits.
func (m *Measurement) pause(ctx context.Context, d time.Duration) error {
	timer := m.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C():
		return nil
	}
}
