// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package controller keeps, for each Secret in a namespace that asks for it, a ConfigMap with the Secret's checksum: what
// depends on the Secret can notice a change of it without being allowed to read it.
//
// It is sharded, and the shortest complete example of how to do that. Nothing of a Secret but its checksum is kept in
// memory, written or logged. Still, who may read the ConfigMap can try whether a guess of the whole Secret is right. That
// is why namespaces have to ask.
package controller
