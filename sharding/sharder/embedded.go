// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/lead"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/membership"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// embedded is the sharder of one ring in the process of an operator.
type embedded struct {
	environment *lead.Environment
	scope       scope.Scope
	shards      *membership.Shards
	options     Options
}

// AddToManager makes the manager's process stand for election as the sharder of the ring, from when the manager starts
// until it stops, whether it holds a lease of its own or not.
//
// The manager provides its scheme and its REST mapper. The config is that of the API server as it was before
// shard.Shard.NewManager: a shard's manager refuses writes when its lease is lost, which is not the sharder's concern.
func AddToManager(mgr manager.Manager, config *rest.Config, ring sharding.Ring, options Options) error {
	if err := ring.Validate(mgr.GetScheme()); err != nil {
		return err
	}
	if err := options.complete(ring.Name); err != nil {
		return err
	}
	all, err := scope.Of(ring, mgr.GetScheme())
	if err != nil {
		return err
	}
	environment, err := lead.NewEnvironment(config, mgr.GetRESTMapper(), lead.EnvironmentOptions{
		LeaseNamespace: options.Namespace, Ring: ring.Name, Clock: options.Clock, Log: options.Log,
	})
	if err != nil {
		return err
	}
	shards := environment.Shards(ring.Name)
	if options.WebhookServer != nil {
		declared, err := admission.Declared(ring, mgr.GetScheme(), mgr.GetRESTMapper(), shards.MembershipInContact)
		if err != nil {
			return err
		}
		admission.Register(options.WebhookServer, admission.Only(declared), options.Log)
	}
	return mgr.Add(&embedded{environment: environment, scope: all, shards: shards, options: options})
}

var _ manager.LeaderElectionRunnable = &embedded{}

// NeedLeaderElection is false: the sharder has an election of its own, which a process without a shard lease may win.
func (e *embedded) NeedLeaderElection() bool { return false }

// Start stands for election until the context ends. It knows the shards all the time: whoever is elected has seen by
// then which of them are alive.
func (e *embedded) Start(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return e.environment.Start(ctx) })
	group.Go(func() error { return e.shards.Start(ctx) })
	group.Go(func() error {
		return e.options.candidate(e.environment.Leases()).Run(ctx, func(ctx context.Context) error {
			return lead.Ring(ctx, e.environment, e.scope, e.shards, e.options.lead())
		})
	})
	return group.Wait()
}
