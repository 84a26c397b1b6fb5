// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package supervisor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/thejerf/suture/v4"
	"k8s.io/utils/clock"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/filelock"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/processes"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

// ErrRunning is returned when another supervisor runs in the folder.
var ErrRunning = errors.New("a supervisor runs already")

const lockTimeout = 500 * time.Millisecond

// Options are what a supervisor is made from. All of it must be set, but for what says otherwise.
type Options struct {
	// Folder is where the supervisor's own files lie.
	Folder Folder
	// Version names the program, see Status.
	Version string
	// Prepare is called before an instance is started, and again when the time that it returned has come.
	Prepare func(context.Context, Instance) (again time.Time, err error)
	// Leftover matches the processes that a supervisor before this one may have left behind when it was killed.
	Leftover func(processes.Process) bool
	// Grace is how long an instance may take to stop.
	Grace time.Duration
	// Backoff is how long an instance is left alone that ended several times within a short time. The first time it is
	// started again at once.
	Backoff time.Duration
	Clock   clock.WithTicker
	Log     *slog.Logger
}

// Supervisor runs the instances that its folder says are wanted.
type Supervisor struct {
	Options

	root     *suture.Supervisor
	services map[string]*service

	mutex  sync.Mutex
	status Status
}

// New returns a supervisor that does not run yet.
func New(options Options) *Supervisor {
	return &Supervisor{
		Options:  options,
		services: map[string]*service{},
		status:   Status{PID: os.Getpid(), Version: options.Version},
	}
}

// Run runs the wanted instances until the context ends, and then stops them. It reads anew what is wanted whenever
// the channel receives something. It returns ErrRunning if there is a supervisor in the folder already.
func (s *Supervisor) Run(ctx context.Context, changed <-chan os.Signal) error {
	lock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer lock.Release()
	// Before a leftover ends nothing is started, so that no two processes ever act in the name of one instance.
	leftovers, err := processes.Find(ctx, s.Leftover)
	if err != nil {
		return err
	}
	if err := processes.End(ctx, s.Grace, leftovers...); err != nil {
		return fmt.Errorf("ending what an earlier supervisor left behind: %w", err)
	}
	// The root outlives the context by as long as the instances take to stop.
	s.root = suture.New("supervisor", s.spec())
	rootContext, stopRoot := context.WithCancel(context.WithoutCancel(ctx))
	ended := s.root.ServeBackground(rootContext)
	defer func() {
		stopRoot()
		if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
			s.Log.Error("Cannot end", "error", err)
		}
		_ = os.Remove(s.Folder.status())
	}()

	for {
		if err := s.follow(); err != nil {
			s.Log.Error("Cannot follow what is wanted", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// lock makes sure that there is one supervisor. Somebody who only asks whether there is one holds the lock for a moment.
func (s *Supervisor) lock(ctx context.Context) (*filelock.Lock, error) {
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	lock, err := filelock.Acquire(ctx, s.Folder.lock(), func() {})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, ErrRunning
	}
	return lock, err
}

// follow reads what is wanted, and returns when all of it was acted upon.
func (s *Supervisor) follow() error {
	var wanted Wanted
	if err := statefile.Read(s.Folder.wanted(), &wanted); err != nil {
		return err
	}
	running := map[string]string{}
	for name, service := range s.services {
		running[name] = service.instance.Digest
	}
	stop, start := diff(running, wanted.Instances)
	if err := s.stop(stop, wanted.Crash); err != nil {
		return err
	}
	for _, instance := range start {
		s.start(instance)
	}
	return s.report(func(status *Status) { status.Generation = wanted.Generation })
}

func (s *Supervisor) start(instance Instance) {
	s.Log.Info("Starting", "instance", instance.Name)
	service := &service{
		instance: instance,
		options:  s.Options,
		report:   func(status InstanceStatus) { s.reportInstance(status) },
		crash:    make(chan struct{}),
	}
	// A supervisor of its own, so that the backoff of one instance does not hold up the others.
	own := suture.New(instance.Name, s.spec())
	own.Add(service)
	service.token = s.root.Add(own)
	s.services[instance.Name] = service
}

// stop stops instances side by side, and returns when all of them ended.
func (s *Supervisor) stop(names, crash []string) error {
	var group sync.WaitGroup
	failures := make([]error, len(names))
	for i, name := range names {
		service := s.services[name]
		s.Log.Info("Stopping", "instance", name)
		if slices.Contains(crash, name) {
			close(service.crash)
		}
		group.Go(func() { failures[i] = s.root.RemoveAndWait(service.token, s.spec().Timeout) })
	}
	group.Wait()
	for _, name := range names {
		delete(s.services, name)
	}
	reported := s.report(func(status *Status) {
		status.Instances = slices.DeleteFunc(status.Instances, func(i InstanceStatus) bool { return slices.Contains(names, i.Name) })
	})
	return errors.Join(reported, errors.Join(failures...))
}

func (s *Supervisor) spec() suture.Spec {
	return suture.Spec{
		FailureThreshold: 1.5,
		FailureDecay:     30,
		FailureBackoff:   s.Backoff,
		// An instance that does not stop in its grace is killed, which takes a moment more.
		Timeout: s.Grace + 10*time.Second,
		EventHook: func(event suture.Event) {
			fields := event.Map()
			var args []any
			for _, key := range slices.Sorted(maps.Keys(fields)) {
				args = append(args, key, fields[key])
			}
			s.Log.Warn(event.String(), args...)
		},
	}
}
