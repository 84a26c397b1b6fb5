// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package fleet lays hands on the instances of the operator: it starts more or fewer, restarts them and kills them,
// wherever they run.
package fleet

import "context"

// Fleet is the instances of the operator. All methods return when what they are to do is done.
type Fleet interface {
	// Shards returns the names of the instances that run and share the websites, in order.
	Shards(ctx context.Context) ([]string, error)
	// Scale has so many instances run.
	Scale(ctx context.Context, shards int) error
	// Kill ends an instance by force, as if its machine had died.
	Kill(ctx context.Context, shard string) error
	// Restore has those run again that were killed.
	Restore(ctx context.Context) error
	// Restart restarts all instances gracefully, one after the other, as a new version would.
	Restart(ctx context.Context) error
}

// Kinds are the names of the implementations, for the command line.
var Kinds = []string{"local", "deployment"}
