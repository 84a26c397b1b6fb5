// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package operator knows the webhosting operator from the outside: its names, its modes, and how it is built.
package operator

import (
	"context"
	"fmt"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/gotool"
)

const (
	// Name is the name of the operator's Deployment, of its service account, and of its ring.
	Name = "webhosting-operator"
	// Namespace is where the operator and its leases live.
	Namespace = "webhosting-system"

	// LabelShard holds the shard that an object is assigned to.
	LabelShard = "shard.alpha.sharding.timebertt.dev/" + Name
	// LabelDrain is there while a shard is asked to let an object go.
	LabelDrain = "drain.alpha.sharding.timebertt.dev/" + Name
	// LabelRing marks the leases of shards.
	LabelRing = "alpha.sharding.timebertt.dev/controllerring"
)

// Mode is how the operator runs.
type Mode string

const (
	// Sharded instances share the websites among them, and one of them is the sharder.
	Sharded Mode = "sharded"
	// Dedicated instances share the websites among them, too, and the sharder is a component of its own.
	Dedicated Mode = "dedicated"
	// Singleton means that one instance works for all websites.
	Singleton Mode = "singleton"
)

// Modes are all that there are.
func Modes() []Mode { return []Mode{Sharded, Dedicated, Singleton} }

// Shares reports whether instances share the websites among them.
func (m Mode) Shares() bool { return m == Sharded || m == Dedicated }

// Overlay returns the name of the mode's manifests, by which people who deploy to a cluster know it.
func (m Mode) Overlay() string {
	if m == Dedicated {
		return "sharded-dedicated"
	}
	return string(m)
}

// Manifests returns the folder of the mode's manifests in the checkout.
func (m Mode) Manifests(c checkout.Checkout) string {
	return c.Path("webhosting-operator/config/overlays/" + m.Overlay())
}

// Instances returns the names of the instances of the mode.
func (m Mode) Instances(shards int) []string {
	if m == Singleton {
		return []string{Name}
	}
	names := make([]string, 0, shards)
	for i := range shards {
		names = append(names, fmt.Sprintf("%s-%d", Name, i))
	}
	return names
}

// Binary is where Build puts the program.
func Binary(c checkout.Checkout) string { return c.Path("bin/" + Name) }

// Build builds the operator, with the flags that everything else in a checkout is built with, so that the libraries are
// compiled once. The version control's state is left out, so that the program changes only when the sources do.
func Build(ctx context.Context, c checkout.Checkout) error {
	err := gotool.Run(ctx, c.Path(Name), "build", "-buildvcs=false", "-o", Binary(c), "./cmd/"+Name)
	if err != nil {
		return fmt.Errorf("building the operator: %w", err)
	}
	return nil
}
