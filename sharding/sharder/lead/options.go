// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package lead

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// Options configure what the leading sharder does for one ring. The zero value of each field means its default.
type Options struct {
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

	// Log is used for what there is to say about the ring. Default: the logger of controller-runtime.
	Log logr.Logger

	// OnProblems is told all problems with single resources, whenever one arises, changes or heals; none if all is well
	// again. It must not block. Default: problems are only logged.
	OnProblems func([]scope.Problem)
}

// Complete fills in the defaults.
func (o *Options) Complete() {
	o.DrainTimeout = cmp.Or(o.DrainTimeout, time.Minute)
	o.CheckPeriod = cmp.Or(o.CheckPeriod, 30*time.Minute)
	o.Concurrency = cmp.Or(o.Concurrency, 50)
	if o.Log.GetSink() == nil {
		o.Log = log.Log.WithName("sharder")
	}
}

// Validate returns what makes no sense about completed options.
func (o *Options) Validate() error {
	var errs []error
	if o.DrainTimeout <= 0 {
		errs = append(errs, fmt.Errorf("drain timeout %s must be positive", o.DrainTimeout))
	}
	if o.CheckPeriod <= 0 {
		errs = append(errs, fmt.Errorf("check period %s must be positive", o.CheckPeriod))
	}
	if o.Concurrency <= 0 {
		errs = append(errs, fmt.Errorf("concurrency %d must be positive", o.Concurrency))
	}
	return errors.Join(errs...)
}
