// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package drive puts load on a cluster: it creates, changes and deletes websites, and changes themes, at the rates of a
// phase.
//
// It never has more than a fixed number of requests under way. What is due while all of them are is done as soon as one
// ends, or, if that takes longer than a second, not at all. Both are told to the ledger, so that a run whose load was not
// what it should have been is known as such.
package drive

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/ledger"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/observe"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/pace"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/population"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/scenario"
)

const (
	// atOnce bounds the requests of one Run that are under way.
	atOnce = 64
	// patience is how long something that is due may wait for its turn.
	patience = time.Second
	// beat is how often it is looked what is due.
	beat = 10 * time.Millisecond
	// requestTimeout is how long a request may take.
	requestTimeout = 30 * time.Second
)

// Cluster is where the load goes. Each method is one request. Generations are those that the website has since.
type Cluster interface {
	CreateWebsite(ctx context.Context, website *v1alpha1.Website) (generation int64, err error)
	DeleteWebsite(ctx context.Context, key types.NamespacedName) error
	// ChangeWebsite gives a website another theme.
	ChangeWebsite(ctx context.Context, key types.NamespacedName, theme string) (generation int64, err error)
	// ChangeTheme changes what a theme looks like.
	ChangeTheme(ctx context.Context, name string, spec v1alpha1.ThemeSpec) error
}

// Driver puts load on a cluster.
type Driver struct {
	cluster    Cluster
	clock      clock.WithTicker
	population population.Population
	ledger     *ledger.Ledger
	// changed is told of changes to which the API server agreed.
	changed func(observe.Change)

	workers     sync.WaitGroup
	roster      roster
	created     atomic.Int64
	randomMutex sync.Mutex
	random      *rand.Rand
	looks       []int
}

// New returns a driver for a cluster in which the projects and themes of the population are, but none of its websites.
func New(cluster Cluster, c clock.WithTicker, p population.Population, l *ledger.Ledger, changed func(observe.Change)) *Driver {
	return &Driver{
		cluster: cluster, clock: c, population: p, ledger: l, changed: changed,
		random: rand.New(rand.NewPCG(p.Seed, p.Seed)), //nolint:gosec // it is to be repeatable
		looks:  make([]int, p.Themes),
	}
}

// Websites returns how many websites there are that nobody is at.
func (d *Driver) Websites() int { return d.roster.len() }

type due struct {
	operation result.Operation
	since     time.Time
}

// Wait waits until no request is under way any more, of those that Run has begun. Nothing may run meanwhile.
func (d *Driver) Wait() { d.workers.Wait() }

// Run puts load on the cluster for the duration, and for as long as more says so then. When it returns, requests may be
// under way still, so that another load can follow without a gap. It is an error only if the context ends before.
func (d *Driver) Run(ctx context.Context, rates map[result.Operation]scenario.Rate, duration time.Duration, more func() bool) error {
	// As many as fall due within the patience at the highest rates anybody asks for; what does not fit is late.
	queue := make(chan due, 4096)
	for range atOnce {
		d.workers.Go(func() {
			for next := range queue {
				d.carryOut(ctx, next)
			}
		})
	}
	defer close(queue)

	ticker := d.clock.NewTicker(beat)
	defer ticker.Stop()
	begin := d.clock.Now()
	last := begin
	buckets := map[result.Operation]*pace.Bucket{}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C():
		}
		now := d.clock.Now()
		elapsed := now.Sub(begin)
		over := elapsed >= duration && !more()
		until := now
		if ending := begin.Add(duration); over && ending.After(last) {
			until = ending
		}
		for _, operation := range ledger.Operations {
			rate, ok := rates[operation]
			if !ok {
				continue
			}
			if buckets[operation] == nil {
				buckets[operation] = &pace.Bucket{}
			}
			perSecond := rate.At(elapsed.Seconds()/duration.Seconds(), d.Websites())
			count, overdue := buckets[operation].Fill(until.Sub(last), perSecond, patience)
			d.issue(queue, operation, count, overdue, now)
		}
		last = now
		if over {
			return nil
		}
	}
}

func (d *Driver) issue(queue chan<- due, operation result.Operation, count, overdue int, now time.Time) {
	d.ledger.Due(operation, count+overdue)
	for range count {
		select {
		case queue <- due{operation: operation, since: now}:
		default:
			overdue++
		}
	}
	if overdue > 0 {
		d.ledger.Late(operation, overdue)
	}
}

func (d *Driver) carryOut(ctx context.Context, next due) {
	if ctx.Err() != nil {
		return
	}
	if d.clock.Since(next.since) > patience {
		d.ledger.Late(next.operation, 1)
		return
	}
	requestCtx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	sent := d.clock.Now()
	err := d.do(requestCtx, next.operation)
	if err != nil && ctx.Err() != nil {
		return // broken off, which is nobody's failure
	}
	d.ledger.Answered(next.operation, d.clock.Since(sent).Seconds(), err)
}

func (d *Driver) do(ctx context.Context, operation result.Operation) error {
	switch operation {
	case result.Create:
		return d.create(ctx)
	case result.Delete:
		return d.delete(ctx)
	case result.Change:
		return d.change(ctx)
	case result.ChangeTheme:
		return d.changeTheme(ctx)
	default:
		return fmt.Errorf("unknown operation %q", operation)
	}
}
