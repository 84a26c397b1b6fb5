// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/gotool"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/kube"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/monitoring"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// Stage is where set-ups appear, one after the other, each on a cluster that is there for nothing else.
type Stage interface {
	// Prepare returns an error if the stage is not empty, and builds the programs experiment and measure.
	Prepare(ctx context.Context) error
	// Raise starts a set-up, and returns when all of it is ready and scraped.
	Raise(ctx context.Context, mode operator.Mode) (Raised, error)
	// Clear ends what was raised, or begun to be.
	Clear(ctx context.Context) error
}

// Raised is a set-up that runs.
type Raised struct {
	// Prometheus is its URL.
	Prometheus string
	// Kubernetes is its version.
	Kubernetes string
}

// LocalStage has the set-ups on the local cluster of a checkout.
type LocalStage struct {
	Checkout checkout.Checkout
	// Shards is the number of instances of the operator in the set-ups that share the websites.
	Shards int
	// Timeout is how long a set-up may take to get ready.
	Timeout time.Duration
	// Extras are for the measurement.
	Extras bringup.Extras
	// Exclusively runs a function while no other process of the checkout changes what runs.
	Exclusively func(context.Context, func() error) error
	// Progress receives what is going on.
	Progress io.Writer
}

var _ Stage = LocalStage{}

// Prepare implements Stage.
func (s LocalStage) Prepare(ctx context.Context) error {
	before, err := bringup.LookBefore(ctx, s.Checkout)
	if err != nil {
		return err
	}
	if before.Ran() {
		return errors.New("a local cluster is up, and an evaluation needs fresh ones: end it with `make down` first")
	}
	for _, program := range []string{"experiment", "measure"} {
		err := gotool.Run(ctx, s.Checkout.Path(operator.Name), "build", "-buildvcs=false", "-o", s.Checkout.Path("bin/"+program), "./cmd/"+program)
		if err != nil {
			return fmt.Errorf("building %s: %w", program, err)
		}
	}
	return nil
}

// Raise implements Stage.
func (s LocalStage) Raise(ctx context.Context, mode operator.Mode) (Raised, error) {
	var raised Raised
	up := &bringup.Up{Checkout: s.Checkout, Mode: mode, Timeout: s.Timeout, Out: s.Progress, Extras: s.Extras}
	if mode.Shares() {
		up.Shards = s.Shards
	}
	err := s.Exclusively(ctx, func() error { return up.Serve(ctx) })
	if err != nil {
		return raised, err
	}
	if raised.Kubernetes, err = kube.Version(s.Checkout.Kubeconfig()); err != nil {
		return raised, err
	}
	if raised.Prometheus, err = monitoring.URL(s.Checkout); err != nil {
		return raised, err
	}
	return raised, monitoring.WaitScraped(ctx, s.Checkout)
}

// Clear implements Stage.
func (s LocalStage) Clear(ctx context.Context) error {
	return s.Exclusively(ctx, func() error { return bringup.Down(ctx, s.Checkout, io.Discard) })
}
