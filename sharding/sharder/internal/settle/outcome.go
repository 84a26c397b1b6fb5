// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package settle brings single objects where they belong. It carries out what the package plan decides, for main objects
// (Settler) and for controlled ones (Follower).
package settle

import (
	"context"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Func brings an object one step closer to where it belongs: Settler.Settle for main objects, Follower.Follow for
// controlled ones.
type Func func(context.Context, *metav1.PartialObjectMetadata) (Outcome, error)

// Outcome is what came of looking at an object.
type Outcome int

const (
	// Settled: there was nothing to be done.
	Settled Outcome = iota
	// Written: there was, and it was done.
	Written
	// Waiting: somebody else has to act first, and nobody will tell when that is done.
	Waiting
)
