// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package measure asks Prometheus what happened in a time range: it reads a file of queries, runs them, compares what they
// return with service level objectives, and writes each result to a file of comma-separated values.
//
// It knows nothing about what is measured. That is in the file of queries.
package measure
