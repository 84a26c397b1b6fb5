// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package lease says in which state each shard of a ring is, as a pure function of the shards' leases, the time, and
// the sharder's last contact with the API server.
//
// It reads no clock and talks to no API server: acting on the states is the work of the package sharder.
package lease

// State is what a sharder makes of one shard's lease.
type State string

const (
	// Ready: the shard holds its lease and has renewed it in time.
	Ready State = "ready"
	// Expired: the shard holds its lease, but the lease expired less than the grace ago. The shard may come back.
	Expired State = "expired"
	// Uncertain: the shard holds its lease, which expired for the grace or longer. The sharder tries to acquire it.
	Uncertain State = "uncertain"
	// Fenced: the sharder acquired the lease of a shard that was still renewing it. The shard must stop, but may not
	// have noticed yet.
	Fenced State = "fenced"
	// Dead: the shard does not hold its lease: it released it, or the sharder acquired it.
	Dead State = "dead"
	// Orphaned: the shard has been dead for a minute or longer. The sharder deletes the lease.
	Orphaned State = "orphaned"
)

// States lists all states, from the healthiest on.
var States = []State{Ready, Expired, Uncertain, Fenced, Dead, Orphaned}

// Available reports whether a shard in this state is a member of the ring, so that objects may be assigned to it.
func (s State) Available() bool {
	return s == Ready || s == Expired || s == Uncertain
}

// Gone reports whether a shard in this state surely writes nothing any more, so that its objects may be moved without
// asking it. The zero State, of a shard without a lease, is gone.
func (s State) Gone() bool {
	return !s.Available() && s != Fenced
}
