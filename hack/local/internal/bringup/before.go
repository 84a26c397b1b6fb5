// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package bringup

import (
	"context"
	"io"
	"time"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cluster"
)

// Before is what ran before somebody changes it for a while.
type Before struct {
	checkout checkout.Checkout
	// Asked is what ran; the zero value if nothing did.
	Asked Asked
}

// LookBefore looks what runs now.
func LookBefore(ctx context.Context, c checkout.Checkout) (Before, error) {
	before := Before{checkout: c}
	status, err := cluster.New(c, "", io.Discard).Status(ctx)
	if err != nil || !status.Running() {
		return before, err
	}
	before.Asked, err = ReadAsked(c)
	return before, err
}

// Ran reports whether anything ran.
func (b Before) Ran() bool { return b.Asked.Mode != "" }

// Restore has running what ran, and nothing if nothing did.
func (b Before) Restore(ctx context.Context, timeout time.Duration, out io.Writer) error {
	if !b.Ran() {
		return Down(ctx, b.checkout, out)
	}
	up := &Up{Checkout: b.checkout, Mode: b.Asked.Mode, Shards: b.Asked.Shards, Extras: b.Asked.Extras, Timeout: timeout, Out: out}
	return up.Serve(ctx)
}
