// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

package e2e_test

import (
	. "github.com/onsi/ginkgo/v2"
)

// The order saves time, since a cluster that is in a mode already stays in it. No spec depends on it: each brings about the
// mode that it is about, and goes on where another one failed. What can be missed best comes last, for a TIME_LIMIT.
var _ = Describe("On a cluster", Ordered, ContinueOnFailure, func() {
	Describe("with shards, of which one leads", func() {
		served(sharded)
		shown()
		frugal(sharded)
		updated(sharded)
		deleted(sharded)
		lost()
		scaled(sharded)
	})
	Describe("with shards and a sharder apart", func() {
		served(dedicated)
		admitted()
		frugal(dedicated)
		updated(dedicated)
		crashed()
		sharderUpdated()
	})
	Describe("with one instance", func() {
		served(singleton)
		frugal(singleton)
		updated(singleton)
	})
	Describe("in one mode after the other", func() {
		switched(sharded)
		switched(singleton)
		switched(dedicated)
		deleted(dedicated)
		scaled(dedicated)
		switched(sharded)
	})
	uninstalled()
})
