// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package lead

import (
	"cmp"
	"context"
	"fmt"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/kubernetes/scheme"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/membership"
)

// Environment is what the sharders of all rings in a process share: their connection to the API server, and one watch on
// the leases of all their shards.
type Environment struct {
	clock clock.Clock
	log   logr.Logger

	mapper       meta.RESTMapper
	coordination coordinationv1client.CoordinationV1Interface
	metadata     metadata.Interface
	client       client.Client // not cached
	contact      *membership.Contact
	leases       *membership.Leases
}

// EnvironmentOptions configure an Environment. The zero value of each field means its default.
type EnvironmentOptions struct {
	// LeaseNamespace is the only namespace in which leases are those of shards. Default: all namespaces.
	LeaseNamespace string
	// Ring is the only ring whose shards are looked at. Default: the shards of all rings.
	Ring string
	// Clock tells the time. Default: the real clock.
	Clock clock.Clock
	// Log is used for what is not about a single ring. Default: the logger of controller-runtime.
	Log logr.Logger
}

// NewEnvironment returns an environment that has not been started. Its requests are not limited by the config's QPS,
// because Options.Concurrency bounds them.
func NewEnvironment(config *rest.Config, mapper meta.RESTMapper, options EnvironmentOptions) (*Environment, error) {
	e := &Environment{clock: options.Clock, log: options.Log, mapper: mapper}
	if e.clock == nil {
		e.clock = clock.RealClock{}
	}
	if e.log.GetSink() == nil {
		e.log = log.Log.WithName("sharder")
	}
	e.contact = membership.NewContact(e.clock)
	config = rest.CopyConfig(config)
	config.UserAgent = cmp.Or(config.UserAgent, rest.DefaultKubernetesUserAgent()) + " sharder"
	config.QPS = -1
	config.Wrap(e.contact.Wrap)

	httpClient, err := rest.HTTPClientFor(config)
	if err != nil {
		return nil, fmt.Errorf("creating the sharder's HTTP client: %w", err)
	}
	if e.coordination, err = coordinationv1client.NewForConfigAndClient(config, httpClient); err != nil {
		return nil, fmt.Errorf("creating the sharder's client for leases: %w", err)
	}
	if e.metadata, err = metadata.NewForConfigAndClient(config, httpClient); err != nil {
		return nil, fmt.Errorf("creating the sharder's client for metadata: %w", err)
	}
	e.client, err = client.New(config, client.Options{HTTPClient: httpClient, Scheme: scheme.Scheme, Mapper: mapper})
	if err != nil {
		return nil, fmt.Errorf("creating the sharder's client: %w", err)
	}
	if e.leases, err = membership.NewLeases(e.coordination, options.LeaseNamespace, options.Ring); err != nil {
		return nil, err
	}
	return e, nil
}

// Start watches the leases of shards until the context ends. Every replica of a sharder runs it.
func (e *Environment) Start(ctx context.Context) error {
	e.leases.Run(logr.NewContext(ctx, e.log))
	return nil
}

// NeedLeaderElection is false: see Start.
func (e *Environment) NeedLeaderElection() bool { return false }

// Shards returns the shards of a ring, which Shards.Start gets to know by the leases that Start watches.
func (e *Environment) Shards(ring string) *membership.Shards {
	return membership.NewShards(ring, e.clock, e.contact, e.leases)
}

// Leases returns the client for leases. What it hears of the API server is part of the sharder's contact.
func (e *Environment) Leases() coordinationv1client.CoordinationV1Interface { return e.coordination }
