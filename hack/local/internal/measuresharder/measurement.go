// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package measuresharder measures the sharder where it is a component of its own: what its webhook adds to a request, what
// it needs, how fast it assigns and moves objects, and what rings leave behind that come and go.
//
// Whatever a figure is about is looked at from outside, as in package measure.
package measuresharder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/scrape"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/standin"
)

// Measurement is what is measured. All of it must be set.
type Measurement struct {
	Checkout checkout.Checkout
	Clock    clock.WithTicker
	// Progress is told what goes on.
	Progress io.Writer
	// Experiments are some of Names. They run in the order of Names.
	Experiments []string
	Sizes
	// Rest is how long the sharder is watched while nothing happens.
	Rest time.Duration
	// Timeout is how long anything may take until it counts as not having happened.
	Timeout time.Duration

	client   client.Client
	cluster  *standin.Cluster
	sharders *sharders
	scraper  *scrape.Scraper
	begin    time.Time
}

// Sizes are how much is measured with.
type Sizes struct {
	// Requests are sent to each of two namespaces.
	Requests int `json:"requests"`
	// Rate is how many objects are created each second while it counts how fast they are assigned, and Created how many in
	// all, at each rate.
	Rate    int `json:"ratePerSecond"`
	Created int `json:"created"`
	// Objects and Rings are how many there are when it is looked at what the sharder needs, in ascending order.
	Objects []int `json:"objects"`
	Rings   []int `json:"rings"`
	// Churned is how many rings come and go.
	Churned int `json:"churned"`
	// Joined are how many objects a ring has that a shard joins.
	Joined []int `json:"joined"`
	// Websites is the same for the real operator, and Churn how many of them are changed each second.
	Websites int `json:"websites"`
	Churn    int `json:"churnPerSecond"`
	// Shards is how many shards a ring has before another one joins.
	Shards int `json:"shards"`
}

// Run measures. It removes what it made, and leaves the checkout's cluster as it was, also when the context ends. What was
// measured until then is returned with the error. What fails does not keep the rest from being measured.
func (m *Measurement) Run(ctx context.Context) (result Report, err error) {
	m.begin = m.Clock.Now()
	result = Report{Sizes: m.Sizes, Machine: machine.Describe(ctx, m.Checkout)}
	before, err := bringup.LookBefore(ctx, m.Checkout)
	if err != nil {
		return result, err
	}
	defer func() {
		// Everything is put back even if this was interrupted.
		err = errors.Join(err, m.restore(context.WithoutCancel(ctx), before))
	}()
	if err := m.prepare(ctx, &result); err != nil {
		return result, err
	}
	var failures []error
	for _, experiment := range experiments() {
		if !slices.Contains(m.Experiments, experiment.name) {
			continue
		}
		m.say("%s: %s", experiment.name, experiment.about)
		if err := experiment.run(m, ctx, &result, before); err != nil {
			err = fmt.Errorf("%s: %w", experiment.name, err)
			m.say("    NOT measured to the end: %v", err)
			result.Failures = append(result.Failures, err.Error())
			failures = append(failures, err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	return result, errors.Join(failures...)
}

// prepare brings up the operator with the sharder apart.
func (m *Measurement) prepare(ctx context.Context, result *Report) error {
	m.say("starting the operator, and the sharder apart")
	up := &bringup.Up{Checkout: m.Checkout, Mode: operator.Dedicated, Shards: m.Shards, Timeout: m.Timeout, Out: m.Progress}
	err := up.Serve(ctx)
	if err != nil {
		return err
	}
	kubeconfig := m.Checkout.Kubeconfig()
	if m.client, err = kube.Client(kubeconfig); err != nil {
		return err
	}
	if result.Machine.Kubernetes, err = kube.Version(kubeconfig); err != nil {
		return err
	}
	if m.cluster, err = standin.NewCluster(kubeconfig, m.Clock); err != nil {
		return err
	}
	clearing, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	if err := m.cluster.Clear(clearing); err != nil {
		return err
	}
	if err := m.cluster.Permit(clearing); err != nil {
		return err
	}
	if m.scraper, err = scrape.Login(ctx, m.Checkout, m.client); err != nil {
		return err
	}
	m.sharders, err = newSharders(m.Checkout, m.client, m.Clock)
	return err
}

// restore removes what was made, and has running what ran before.
func (m *Measurement) restore(ctx context.Context, before bringup.Before) error {
	if !before.Ran() {
		m.say("ending what was started")
		return before.Restore(ctx, m.Timeout, m.Progress)
	}
	m.say("bringing back what ran before: %s", before.Asked.Mode)
	clearing, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	var removed error
	if m.cluster != nil {
		removed = errors.Join(oblige(clearing, m.client, slices.Concat(projectsOnly, protection)), m.cluster.Clear(clearing), scrape.Forget(clearing, m.client))
	}
	return errors.Join(removed, before.Restore(ctx, m.Timeout, m.Progress))
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
