// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// NewManager is manager.New for a shard. What it changes in the given options:
//
//   - The manager elects itself by holding the shard lease, so that all controllers run in every shard. Leader election
//     IDs and durations in the options are ignored. The manager stops with an error when the lease is lost.
//   - Its caches hold only those objects of the ring's kinds that carry the shard's label; other kinds are left alone.
//     Managed fields are stripped unless the options say otherwise.
//   - Its client writes only while the lease is held, and names the shard in the user agent.
//   - Wrapped reconcilers begin when the sharder calls the shard ready, or a lease duration after the lease was acquired.
//   - Controllers start their caches before the lease is acquired (EnableWarmup), unless the options say otherwise.
//
// The manager is for the controllers of the ring: run it only once.
//
// HTTP clients in the options of the cache and the client are refused: they would write when the lease is lost. A NewClient
// or NewCache has to use the config or the HTTP client that it is given.
func (s *Shard) NewManager(config *rest.Config, options manager.Options) (manager.Manager, error) {
	if err := refuseHTTPClients(options); err != nil {
		return nil, err
	}
	config = rest.CopyConfig(config)
	config.UserAgent = s.userAgent(config)

	lock, err := s.newLock(config)
	if err != nil {
		return nil, err
	}
	options.LeaderElection = true
	options.LeaderElectionResourceLockInterface = lock
	options.LeaderElectionReleaseOnCancel = true
	options.LeaderElectionID = s.options.Name
	options.LeaseDuration = &s.options.LeaseDuration
	options.RenewDeadline = &s.options.RenewDeadline
	options.RetryPeriod = &s.options.RetryPeriod
	if options.Controller.EnableWarmup == nil {
		options.Controller.EnableWarmup = new(true)
	}
	if options.Cache, err = s.restrictCache(options.Cache, options.Scheme); err != nil {
		return nil, err
	}

	scopes, err := s.scopes(options.Cache, options.Scheme)
	if err != nil {
		return nil, err
	}

	config.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return &guardedTransport{guard: s.guard, next: next}
	})
	mgr, err := manager.New(config, options)
	if err != nil {
		return nil, err
	}
	s.handshake.ready = lock.ready
	s.handshake.ask = func(ctx context.Context) (holdings, error) { return s.listHoldings(ctx, mgr.GetAPIReader(), scopes) }
	return mgr, errors.Join(mgr.Add(manager.RunnableFunc(s.handshake.run)), mgr.Add(manager.RunnableFunc(s.stopWhenLost)))
}

// refuseHTTPClients returns an error if the options hold an HTTP client, whose requests would not pass the guard.
func refuseHTTPClients(options manager.Options) error {
	var errs []error
	for name, given := range map[string]*http.Client{"Client.HTTPClient": options.Client.HTTPClient, "Cache.HTTPClient": options.Cache.HTTPClient} {
		if given != nil {
			errs = append(errs, fmt.Errorf("manager options: %s must not be set, because it would bypass the guard of the shard lease: "+
				"set the transport in the rest.Config", name))
		}
	}
	return errors.Join(errs...)
}

// newLock returns the lock on the shard lease. Its own writes are what the guard is about, so they are not guarded.
func (s *Shard) newLock(config *rest.Config) (*leaseLock, error) {
	config = rest.CopyConfig(config)
	config.Timeout = s.options.RenewDeadline / 2 // so that one request that hangs leaves time for another
	client, err := coordinationv1client.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("creating the client for the shard lease: %w", err)
	}
	return newLeaseLock(client, s.options.Namespace, s.ring.Name, s.options.Name, s.guard, s.options.Log), nil
}

// stopWhenLost ends the manager as soon as the lease is known to be lost. The elector would go on trying until the
// renew deadline.
func (s *Shard) stopWhenLost(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-s.guard.lost:
		return s.guard.reason()
	}
}
