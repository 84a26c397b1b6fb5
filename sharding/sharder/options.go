// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/util/uuid"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/election"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/lead"
)

// Options configure an embedded sharder. The zero value of each optional field means its default.
type Options struct {
	// Namespace is where the leases of the shards and of the sharder itself live. It is required.
	Namespace string

	// LeaseName is the name of the lease by which the sharders of a ring elect their leader. Default: the ring's name.
	LeaseName string
	// LeaseDuration, RenewDeadline and RetryPeriod are those of the sharder's own lease, the first in whole seconds. Each
	// must be longer than the next; RenewDeadline longer than 1.2 times RetryPeriod. Defaults: 15 s, 10 s, 2 s.
	LeaseDuration, RenewDeadline, RetryPeriod time.Duration

	// DrainTimeout is how long a shard may take to let an object go. A shard that takes longer is fenced: it loses its
	// lease, and all its objects are moved. It should be well above the duration of the longest reconcile.
	// Default: 1 minute.
	DrainTimeout time.Duration

	// CheckPeriod is how often all assigned objects are checked though nothing is known to have changed.
	// Default: 30 minutes.
	CheckPeriod time.Duration

	// Concurrency is how many objects are written at a time, at most, for one kind and cause. Default: 50, which lets the
	// sharder keep up with shards that reconcile what they are given at once.
	Concurrency int

	// WebhookServer also assigns objects in the requests that create them, where the API server asks for it: see
	// admission.WebhookConfiguration. Every process answers, whether it leads or not. Default: nil, no admission.
	WebhookServer webhook.Server

	// Clock tells the time. Default: the real clock.
	Clock clock.Clock
	// Log is used for what the sharder has to say. Default: the logger of controller-runtime.
	Log logr.Logger

	identity string
}

func (o *Options) complete(ringName string) error {
	hostname, err := os.Hostname()
	if err != nil {
		return fmt.Errorf("determining the sharder's identity: %w", err)
	}
	o.identity = hostname + "_" + string(uuid.NewUUID())

	o.LeaseName = cmp.Or(o.LeaseName, ringName)
	o.LeaseDuration = cmp.Or(o.LeaseDuration, 15*time.Second)
	o.RenewDeadline = cmp.Or(o.RenewDeadline, 10*time.Second)
	o.RetryPeriod = cmp.Or(o.RetryPeriod, 2*time.Second)
	lead := o.lead()
	lead.Complete()
	o.DrainTimeout, o.CheckPeriod, o.Concurrency = lead.DrainTimeout, lead.CheckPeriod, lead.Concurrency
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Log.GetSink() == nil {
		o.Log = log.Log.WithName("sharder")
	}
	o.Log = o.Log.WithValues("ring", ringName)
	return o.validate()
}

func (o *Options) validate() error {
	var errs []error
	if o.Namespace == "" {
		errs = append(errs, errors.New("the namespace of the sharder's lease is required"))
	}
	errs = append(errs, lease.ValidateTimes(o.LeaseDuration, o.RenewDeadline, o.RetryPeriod))
	lead := o.lead()
	return errors.Join(append(errs, lead.Validate())...)
}

// lead returns what the options say about leading.
func (o *Options) lead() lead.Options {
	return lead.Options{DrainTimeout: o.DrainTimeout, CheckPeriod: o.CheckPeriod, Concurrency: o.Concurrency, Log: o.Log}
}

// candidate returns who stands for election according to the options.
func (o *Options) candidate(leases coordinationv1client.CoordinationV1Interface) *election.Candidate {
	return &election.Candidate{
		Client: leases, Namespace: o.Namespace, LeaseName: o.LeaseName, Identity: o.identity,
		LeaseDuration: o.LeaseDuration, RenewDeadline: o.RenewDeadline, RetryPeriod: o.RetryPeriod, Clock: o.Clock, Log: o.Log,
	}
}
