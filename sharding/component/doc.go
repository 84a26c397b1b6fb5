// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package component holds what the programs of this project have in common beside their configuration files (see package
// componentconfig): how they take flags, connect, log, serve metrics, and tell their version and their namespace.
package component
