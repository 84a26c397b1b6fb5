// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build programs

// Package prometheus pins the Prometheus that watches the local cluster where it is asked for. It is built by hack/local,
// never imported. It has a module of its own, so that the cluster's programs need not be built again when it changes.
package prometheus

import (
	_ "github.com/prometheus/prometheus/cmd/prometheus"
)
