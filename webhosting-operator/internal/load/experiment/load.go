// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package experiment

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/ledger"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/progress"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/record"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/scenario"
)

// drainTimeout is how long changes that are under way when the load ends may take to come to their end.
const drainTimeout = 10 * time.Second

// load puts the load on the cluster, and takes samples meanwhile. A context that ended is told with the result.
func (r *run) load(ctx context.Context) error {
	r.times.Reset()
	r.result = result.Result{
		Scenario: r.Scenario.Name, Setup: r.Setup, Begin: r.Clock.Now(), Scale: r.Scale, Seed: r.Seed,
		Settings: r.Scenario.Describe(r.Settings), Versions: r.Versions,
	}
	loading, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var history []ledger.Moment
	sampled := make(chan struct{})
	finished := make(chan struct{})
	go func() {
		defer close(sampled)
		var err error
		if history, err = r.sample(finished); err != nil {
			stop(err)
		}
	}()

	var err error
	if r.Plan.Capacity != nil {
		err = r.searchCapacity(loading, *r.Plan.Capacity)
	} else {
		err = r.phases(loading)
	}
	r.result.End = r.Clock.Now()
	r.driver.Wait()
	close(finished)
	<-sampled
	if cause := context.Cause(loading); cause != nil && ctx.Err() == nil {
		return cause // the samples could not be written
	}
	switch {
	case ctx.Err() != nil:
		r.invalidate("it was broken off after %s", r.result.End.Sub(r.result.Begin).Round(time.Second))
		return context.Cause(ctx)
	case err != nil:
		return err
	}
	if r.Plan.Capacity == nil {
		for _, shortfall := range ledger.Shortfalls(history) {
			r.invalidate("the load was not what the scenario promises: %s", shortfall)
		}
	}
	// What was under way when the load ended may come to its end; the rest is told as unfinished.
	return r.awaitChanges(ctx, drainTimeout)
}

func (r *run) invalidate(format string, arguments ...any) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.result.Reasons = append(r.result.Reasons, fmt.Sprintf(format, arguments...))
}

func (r *run) phases(ctx context.Context) error {
	for _, phase := range r.Plan.Phases {
		if err := r.phase(ctx, phase); err != nil {
			return err
		}
	}
	return nil
}

// phase runs a phase to its end.
func (r *run) phase(ctx context.Context, phase scenario.Phase) error {
	leave := r.enter(phase.Name)
	defer leave()
	task := r.Display.Start(phase.Name, int(phase.Duration.Seconds()))
	defer task.End()
	showing, stop := context.WithCancel(ctx)
	defer stop()
	go r.show(showing, task)

	disruption := r.disrupt(ctx, phase.Disruption)
	err := r.driver.Run(ctx, phase.Rates, phase.Duration, disruption.goesOn)
	return errors.Join(err, disruption.end(ctx))
}

// enter notes that a phase begins, and returns what notes that it ends.
func (r *run) enter(name string) (leave func()) {
	r.metrics.Enter(name)
	begin := r.Clock.Now()
	return func() {
		r.result.Phases = append(r.result.Phases, result.Phase{Name: name, Begin: begin, End: r.Clock.Now()})
	}
}

// show shows how it goes, once a second.
func (r *run) show(ctx context.Context, task *progress.Task) {
	ticker := r.Clock.NewTicker(time.Second)
	defer ticker.Stop()
	begin, last := r.Clock.Now(), r.ledger.Counts()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C():
		}
		now := r.ledger.Counts()
		byShard, ready := r.tracker.Websites()
		total := 0
		for _, count := range byShard {
			total += count
		}
		late := 0
		for _, c := range now {
			late += c.Late + c.Failed
		}
		task.Set(int(r.Clock.Since(begin).Seconds()), fmt.Sprintf("%d websites, %d ready, %d changes/s, %d open, %d late or failed",
			total, ready, now[result.Change].Achieved-last[result.Change].Achieved, r.tracker.Unfinished()[result.ChangeToReady], late))
		last = now
	}
}

// sample takes samples until it is told that the load has ended, and one in the end.
func (r *run) sample(finished <-chan struct{}) ([]ledger.Moment, error) {
	ticker := r.Clock.NewTicker(r.Interval)
	defer ticker.Stop()
	var history []ledger.Moment
	for over := false; ; {
		byShard, ready := r.tracker.Websites()
		sample := record.Sample{At: r.Clock.Now(), Counts: r.ledger.Counts(), ByShard: byShard, Ready: ready, Recent: r.times.Recent()}
		history = append(history, ledger.Moment{At: sample.At, Counts: sample.Counts})
		r.metrics.Add(sample)
		if err := r.series.Add(sample); err != nil || over {
			return history, err
		}
		select {
		case <-finished:
			over = true
		case <-ticker.C():
		}
	}
}

// conclude sums up.
func (r *run) conclude() {
	r.result.Load = r.ledger.Load()
	// In this order nothing that comes to its end meanwhile is counted twice.
	all, unfinished := r.times.All(), r.tracker.Unfinished()
	r.result.Latencies = map[result.Measure]result.Latency{}
	for _, measure := range record.Measures {
		r.result.Latencies[measure] = result.LatencyOf(all[measure], unfinished[measure])
	}
	r.result.Websites = result.WebsitesOf(r.tracker.Websites())
	r.result.Valid = len(r.result.Reasons) == 0
}
