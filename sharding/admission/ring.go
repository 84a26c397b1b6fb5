// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission

import (
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/key"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/plan"
)

// PathPrefix is followed by a ring's name. It is where the webhook is served.
const PathPrefix = "/webhooks/sharder/controllerring/"

// Path returns where the webhook of the given ring is served.
func Path(ring string) string { return PathPrefix + ring }

// Kind is the kind of a ring's main objects, and whether they live in namespaces.
type Kind struct {
	schema.GroupKind
	Scope key.Scope
}

// Ring is what has to be known of a ring to assign its objects. It must not be changed once it was handed over.
type Ring struct {
	Name string
	// Membership returns the shards as they are known now. It is called for each object, so it must not block, and it
	// never returns nil.
	Membership func() *plan.Membership
	// Main are the main resources with their kinds.
	Main map[schema.GroupResource]Kind
	// Controlled are the controlled resources, each with the main kinds that may control it. A resource that is also a
	// main one counts as that.
	Controlled map[schema.GroupResource][]Kind
}

// Rings are the rings that a process serves.
type Rings interface {
	// Ring returns the ring of the given name, or the zero Ring and false if there is none (any more). It is called for
	// each object, so it must not block.
	Ring(name string) (Ring, bool)
}

// Only returns the rings of a process that serves just the given one, such as an operator that embeds its sharder.
func Only(ring Ring) Rings { return only{ring} }

type only struct{ ring Ring }

func (o only) Ring(name string) (Ring, bool) {
	if name != o.ring.Name {
		return Ring{}, false
	}
	return o.ring, true
}
