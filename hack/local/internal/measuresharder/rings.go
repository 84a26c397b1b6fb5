// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"context"
	"errors"
	"fmt"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/standin"
)

// serve makes a ring, and the leases of its shards, which are renewed until the context ends. It returns when the sharder
// shards the ring.
func (m *Measurement) serve(ctx context.Context, ring *standin.Ring, shards int) error {
	if err := ring.Create(ctx); err != nil {
		return err
	}
	for _, shard := range ring.Shards(shards) {
		if err := ring.Hold(ctx, shard); err != nil {
			return err
		}
	}
	return m.within(ctx, func(ctx context.Context) error { return ring.AwaitSharded(ctx, shards) })
}

// remove removes rings.
func (m *Measurement) remove(ctx context.Context, rings ...*standin.Ring) error {
	return m.within(ctx, func(ctx context.Context) error {
		var all []error
		for _, ring := range rings {
			all = append(all, ring.Delete(ctx))
		}
		return errors.Join(all...)
	})
}

var errTimeout = errors.New("it took too long")

// within gives something no more than the timeout.
func (m *Measurement) within(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, m.Timeout, errTimeout)
	defer cancel()
	return do(ctx)
}

// poll asks until the answer is yes, or the context ends.
func (m *Measurement) poll(ctx context.Context, what string, ask func() bool) error {
	ticker := m.Clock.NewTicker(pollInterval)
	defer ticker.Stop()
	for !ask() {
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, context.Cause(ctx))
		case <-ticker.C():
		}
	}
	return nil
}
