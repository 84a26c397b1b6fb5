// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package experiment runs a scenario: it prepares a cluster, puts the load on it, looks what comes of that, writes it
// down, and cleans up.
package experiment

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/drive"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/fleet"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/inventory"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/ledger"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/observe"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/population"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/progress"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/record"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/result"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/scenario"
)

// Name is what the experiment calls itself: on what it makes, and to the API server.
const Name = "experiment"

// Queues knows how long websites wait in the queues of the operator's instances.
type Queues interface {
	// Check returns an error if it cannot tell.
	Check(ctx context.Context) error
	// P99 returns the 99th percentile, in seconds, within a window that ends at a time.
	P99(ctx context.Context, end time.Time, window time.Duration) (float64, error)
	// Reconciles returns about how many reconciles there were within the last window.
	Reconciles(ctx context.Context, window time.Duration) (float64, error)
}

// Options are what is run, and where. All of it must be set, unless it says otherwise.
type Options struct {
	Config *rest.Config
	Scheme *runtime.Scheme
	Clock  clock.WithTicker

	Scenario scenario.Scenario
	Settings scenario.Settings
	Plan     scenario.Plan
	// Scale is for the result only; the settings are scaled already.
	Scale float64
	Seed  uint64
	// Setup is for the result only; it may be empty.
	Setup string
	// Versions are for the result only.
	Versions map[string]string

	// Fleet is nil if there is none, which some scenarios need; so are Queues.
	Fleet  fleet.Fleet
	Queues Queues
	// Ring is what the operator's shards belong to.
	Ring string
	// Workload has the websites have pods.
	Workload bool
	// Others holds if websites of others may be in the cluster.
	Others bool
	// Keep leaves what was made in the cluster.
	Keep bool

	// Folder is where the results go; nothing may be there.
	Folder string
	// MetricsAddress is where metrics are served; empty: nowhere.
	MetricsAddress string
	// Interval is the time between two samples.
	Interval time.Duration
	// SetupTimeout is how long it may take until the load can begin, CleanupTimeout until all is removed.
	SetupTimeout, CleanupTimeout time.Duration
	Display                      *progress.Display
}

// run is an experiment that goes on.
type run struct {
	Options
	client    client.Client
	inventory inventory.Inventory
	ledger    *ledger.Ledger
	tracker   *observe.Tracker
	times     *record.Times
	metrics   *record.Metrics
	driver    *drive.Driver
	series    *record.Series

	mutex  sync.Mutex
	result result.Result
	// complete holds once the result is in its folder.
	complete bool
}

// errNoLoad wraps errors before the load began, when there is nothing to tell yet.
var errNoLoad = errors.New("no load was put on the cluster, and there is no result")

// Run runs the experiment. The result is in the folder as well, even if the context ended while there was load; if it
// ended before that, or if something failed meanwhile, there is none. What was made is removed in any case.
func Run(ctx context.Context, options Options) (result.Result, error) {
	c, err := client.New(options.Config, client.Options{Scheme: options.Scheme})
	if err != nil {
		return result.Result{}, fmt.Errorf("reaching the cluster: %w", err)
	}
	c = client.WithFieldOwner(c, Name)
	r := &run{
		Options: options, client: c, inventory: inventory.Inventory{Client: c, Owner: Name}, ledger: ledger.New(),
		metrics: record.NewMetrics(options.Scenario.Name, options.Setup),
	}
	r.times = record.NewTimes(r.metrics)
	r.tracker = observe.NewTracker(r.times.Took)
	r.driver = drive.New(drive.Writer{Client: c}, r.Clock, r.population(), r.ledger, r.tracker.Expect)

	if err := r.refuse(ctx); err != nil {
		return result.Result{}, err
	}
	folder, err := record.NewFolder(r.Folder)
	if err != nil {
		return result.Result{}, err
	}
	defer func() { _ = folder.Discard() }() // nothing is left if it is complete
	err = errors.Join(r.measure(ctx, folder), r.cleanUp(context.WithoutCancel(ctx)))
	if !r.complete {
		return result.Result{}, err
	}
	return r.result, err
}

// measure prepares the cluster, puts the load on it, and completes the folder.
func (r *run) measure(ctx context.Context, folder *record.Folder) error {
	watching, stop := context.WithCancel(ctx)
	defer stop()
	if r.MetricsAddress != "" {
		if err := r.metrics.Serve(watching, r.MetricsAddress); err != nil {
			return err
		}
	}
	if err := r.prepare(watching); err != nil {
		return fmt.Errorf("%w: %w", errNoLoad, err)
	}
	var err error
	if r.series, err = record.NewSeries(folder); err != nil {
		return err
	}
	failure := r.load(ctx)
	if failure != nil && ctx.Err() == nil {
		return failure
	}
	r.conclude()
	all := r.times.All()
	if err := errors.Join(r.series.Close(), folder.Distribution(all), folder.Complete(r.result)); err != nil {
		return err
	}
	r.complete = true
	r.Display.Say("results are in %s", folder.Path())
	return failure
}

func (r *run) population() population.Population {
	return population.Population{
		GeneratedBy: Name, Seed: r.Seed, Projects: r.Plan.Projects, Themes: r.Plan.Themes, SkipWorkload: !r.Workload,
	}
}

// cleanUp removes what was made.
func (r *run) cleanUp(ctx context.Context) error {
	if r.Keep {
		r.Display.Say("what was made stays in the cluster; the next run removes it")
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, r.CleanupTimeout)
	defer cancel()
	if err := r.remove(ctx, "removing what was made"); err != nil {
		return fmt.Errorf("removing what was made (the next run tries again): %w", err)
	}
	return nil
}

func (r *run) remove(ctx context.Context, title string) error {
	before, err := r.inventory.Count(ctx)
	if err != nil || before.Total() == 0 {
		return err
	}
	task := r.Display.Start(title, before.Total())
	defer task.End()
	if err := r.inventory.Delete(ctx); err != nil {
		return err
	}
	return r.inventory.WaitGone(ctx, r.Clock, func(left inventory.Left) {
		task.Set(before.Total()-left.Total(), left.String()+" left")
	})
}
