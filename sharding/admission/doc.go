// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package admission assigns objects to shards in the requests that create or change them.
//
//   - Handler answers the API server's questions, by the package plan and from memory: it sends no request, and reads of
//     an object only what it needs.
//   - WebhookConfiguration says what the API server should ask about the objects of one ring, and Apply tells it.
//   - The package certificate below this one keeps what the two have to agree on.
//
// It is no part of the promise that each object is assigned: what is not asked about, or not answered in time, is
// assigned by the package sharder. So whatever goes wrong here, the answer is that the request may go on.
package admission
