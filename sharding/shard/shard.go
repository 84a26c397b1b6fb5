// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

// Options configure one shard. The zero value of each optional field means its default.
type Options struct {
	// Namespace is where the shard lease lives: the namespace of the operator. It is required.
	Namespace string

	// Name is the shard's name, which is also the name of its lease and the value of the shard label. It must be a DNS
	// subdomain of at most 63 characters and differ from the ring's name, and no two processes should have the same at a
	// time (the second waits).
	// Default: the host name, so in a pod its name.
	Name string

	// LeaseDuration is how long after its last renewal the shard is taken for alive, in whole seconds. Default: 15 s.
	LeaseDuration time.Duration
	// RenewDeadline is how long after its last renewal the shard stops to write, and ends. It must be shorter than
	// LeaseDuration. Default: 10 s.
	RenewDeadline time.Duration
	// RetryPeriod is the time between renewals. RenewDeadline must be longer than 1.2 times of it. Default: 2 s.
	RetryPeriod time.Duration

	// Clock tells how old a renewal is. Renewals themselves carry the real time, so a clock for tests has to start there.
	// Default: the real clock.
	Clock clock.PassiveClock
	// Log is used for what the shard itself has to say. Default: the logger of controller-runtime.
	Log logr.Logger
}

// Shard is this process as a member of a ring. It makes the manager hold the shard lease, restricts its caches to the
// shard's objects, and wraps reconcilers so that they hand objects over.
type Shard struct {
	ring    sharding.Ring
	options Options
	guard   *guard

	handshake *handshake
}

// New returns the shard. It returns an error that names what is wrong if the name or the durations are invalid, before
// anything touches the cluster.
func New(ring sharding.Ring, options Options) (*Shard, error) {
	if options.Name == "" {
		hostname, err := os.Hostname()
		if err != nil {
			return nil, fmt.Errorf("determining the shard name from the host name: %w", err)
		}
		options.Name = hostname
	}
	options.LeaseDuration = cmp.Or(options.LeaseDuration, 15*time.Second)
	options.RenewDeadline = cmp.Or(options.RenewDeadline, 10*time.Second)
	options.RetryPeriod = cmp.Or(options.RetryPeriod, 2*time.Second)
	if options.Clock == nil {
		options.Clock = clock.RealClock{}
	}
	if options.Log.GetSink() == nil {
		options.Log = log.Log.WithName("shard")
	}
	options.Log = options.Log.WithValues("ring", ring.Name, "shard", options.Name)

	if err := options.validate(ring.Name); err != nil {
		return nil, err
	}
	return &Shard{
		ring:    ring,
		options: options,
		guard:   newGuard(options.Clock, options.LeaseDuration, options.RenewDeadline),

		handshake: newHandshake(options),
	}, nil
}

func (o Options) validate(ringName string) error {
	errs := []error{ValidateName(o.Name)}
	if o.Name == ringName {
		errs = append(errs, fmt.Errorf("shard name %q: it is the name of the ring, and so of the lease by which sharders elect their leader", o.Name))
	}
	if o.Namespace == "" {
		errs = append(errs, errors.New("the namespace of the shard lease is required"))
	}
	errs = append(errs, lease.ValidateTimes(o.LeaseDuration, o.RenewDeadline, o.RetryPeriod))
	return errors.Join(errs...)
}

// ValidateName returns an error if the name cannot be that of a shard.
func ValidateName(name string) error { return lease.ValidateName(name) }

// Name returns the shard's name.
func (s *Shard) Name() string { return s.options.Name }

// Labels returns what the reconciler has to set on every controlled object that it applies, so that the object is in
// this shard's caches.
func (s *Shard) Labels() map[string]string {
	return map[string]string{s.ring.LabelShard(): s.options.Name}
}

// userAgent names the shard in every request, so that the API server's audit log tells who wrote what.
func (s *Shard) userAgent(config *rest.Config) string {
	return cmp.Or(config.UserAgent, rest.DefaultKubernetesUserAgent()) + " shard/" + s.options.Name
}
