// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package permissions_test

const (
	askedByAdmission = "asked for by admission, which the audit log does not show"
	repeatedEvents   = "events that repeat are counted in the first one"
	fieldsOfOthers   = "an object has fields of somebody else, and is not in the cache"
	afterConflict    = "an object changed while it was being labelled, or is not let go"
)

// rarelyUsed is what no scenario here has the audit log show, and what it is granted for.
var rarelyUsed = map[string]string{
	"webhosting-operator: patch events.events.k8s.io": repeatedEvents,
	"webhosting-operator-election: patch events":      repeatedEvents,
	"sharder: patch events.events.k8s.io":             repeatedEvents,
	"sharder: patch events":                           repeatedEvents,

	"webhosting-operator: get configmaps":                  fieldsOfOthers,
	"webhosting-operator: get services":                    fieldsOfOthers,
	"webhosting-operator: get deployments.apps":            fieldsOfOthers,
	"webhosting-operator: get ingresses.networking.k8s.io": fieldsOfOthers,

	"webhosting-operator-sharding: get websites.webhosting.timebertt.dev": afterConflict,
	"sharder-rings: get websites.webhosting.timebertt.dev":                afterConflict,

	"webhosting-operator: update websites.webhosting.timebertt.dev/finalizers":                    askedByAdmission,
	"webhosting-operator-shard: shard controllerrings.sharding.timebertt.dev webhosting-operator": askedByAdmission,
	"sharder: update controllerrings.sharding.timebertt.dev/finalizers":                           askedByAdmission,
	"sharder: shard controllerrings.sharding.timebertt.dev":                                       askedByAdmission,
}
