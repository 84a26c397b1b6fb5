// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// LeadOptions configure what the leading sharder does for one ring. The zero value of each field means its default. For
// what the fields are, see Options.
type LeadOptions struct {
	DrainTimeout time.Duration
	CheckPeriod  time.Duration
	Concurrency  int
	Log          logr.Logger

	// OnProblems is told all problems with single resources, whenever one arises, changes or heals; none if all is well
	// again. It must not block. Default: problems are only logged.
	OnProblems func([]ResourceProblem)
}

func (o *LeadOptions) complete() {
	o.DrainTimeout = cmp.Or(o.DrainTimeout, time.Minute)
	o.CheckPeriod = cmp.Or(o.CheckPeriod, 30*time.Minute)
	o.Concurrency = cmp.Or(o.Concurrency, 50)
	if o.Log.GetSink() == nil {
		o.Log = log.Log.WithName("sharder")
	}
}

func (o *LeadOptions) validate() error {
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
