// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package plan

// A controlled object is not hashed. It follows its main object: it is labelled with the shard that the main object is
// assigned to now, and never before that is so. A shard that has been given the main object can rely on nobody else
// writing to what it controls; the other way round, what it controls would have a new owner while the old one works on.

// AtHome reports whether the controlled object with the given labels is where its main object, which has the given key,
// is wanted. Then there is nothing to be done, and no need to look at the main object.
func (m *Membership) AtHome(labels map[string]string, mainKey string) bool {
	current, assigned := labels[m.labelShard]
	return assigned && current == m.ring.Lookup(mainKey)
}

// PlanControlled decides on the controlled object with the given labels, given those that its main object has now:
//
//	main object            its shard      controlled object   action
//	unassigned             -              any                 wait
//	at S, draining         any            at S                nothing
//	at S, draining         any            elsewhere or none   wait
//	at S                   any            at S                nothing
//	at S                   not available  elsewhere or none   wait, the main object is moved or waited for
//	at S                   available      none                assign to S
//	at S                   available      elsewhere           move to S, nobody to be asked: the main object was let go
func (m *Membership) PlanControlled(labels, mainLabels map[string]string) Decision {
	shard, mainAssigned := mainLabels[m.labelShard]
	_, draining := mainLabels[m.labelDrain]
	current, assigned := labels[m.labelShard]
	switch {
	case mainAssigned && assigned && current == shard:
		return Decision{Action: Nothing}
	case !mainAssigned || draining || !m.states[shard].Available():
		return Decision{Action: Wait}
	case assigned:
		return Decision{Action: Move, Shard: shard}
	default:
		return Decision{Action: Assign, Shard: shard}
	}
}
