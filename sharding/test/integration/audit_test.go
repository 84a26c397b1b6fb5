// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// auditEvent is what these tests read of an event of the API server's audit log.
type auditEvent struct {
	Verb      string
	UserAgent string
	ObjectRef struct{ Resource, Namespace, Name string }
	Received  time.Time `json:"requestReceivedTimestamp"`
	Completed time.Time `json:"stageTimestamp"`

	ResponseStatus struct{ Code int }
}

// shard is the name of the shard that wrote, or "" if it was somebody else.
func (e auditEvent) shard() string {
	if match := regexp.MustCompile(` shard/(\S+)$`).FindStringSubmatch(e.UserAgent); match != nil {
		return match[1]
	}
	return ""
}

func (e auditEvent) bySharder() bool { return strings.HasSuffix(e.UserAgent, " sharder") }

// writes returns the successful writes to the ring's main objects and what they control, by name, in the order in which
// the API server received them. A main object and what it controls have the same name.
func (r *testRing) writes() map[string][]auditEvent {
	GinkgoHelper()
	log, err := os.ReadFile(auditLog)
	Expect(err).NotTo(HaveOccurred())
	writes := map[string][]auditEvent{}
	for line := range strings.Lines(string(log)) {
		var event auditEvent
		Expect(json.Unmarshal([]byte(line), &event)).To(Succeed())
		if event.ObjectRef.Namespace == r.namespace && event.ObjectRef.Resource != "leases" && event.ResponseStatus.Code < 300 {
			writes[event.ObjectRef.Name] = append(writes[event.ObjectRef.Name], event)
		}
	}
	for _, events := range writes {
		slices.SortStableFunc(events, func(a, b auditEvent) int { return a.Received.Compare(b.Received) })
	}
	return writes
}

// expectNoInterleavedWrites proves invariant I1 for all objects of the ring: when another shard begins to write to a main
// object or what it controls, all writes of the shard before are complete, and the sharder has assigned the object in
// between, or may have. It returns how many handovers there were.
func (r *testRing) expectNoInterleavedWrites() (handovers int) {
	GinkgoHelper()
	for name, events := range r.writes() {
		owner := ""
		var lastWrite time.Time
		assigned := false
		for _, event := range events {
			switch {
			case event.bySharder():
				assigned = true
			case event.shard() == "":
				assigned = assigned || r.mayAssign(event)
			case event.shard() == owner && r.mayAssign(event): // it lets go, and is answered after the next owner has begun
				assigned = true
			case event.shard() == owner:
				lastWrite, assigned = event.Completed, false
			default:
				Expect(assigned).To(BeTrue(), "%s wrote to %s after %s without being assigned", event.shard(), name, owner)
				Expect(event.Received).To(BeTemporally(">=", lastWrite), "%s wrote to %s while %s did", event.shard(), name, owner)
				if owner != "" {
					handovers++
				}
				owner, lastWrite, assigned = event.shard(), event.Completed, false
			}
		}
	}
	return handovers
}

// mayAssign reports whether the webhook may have assigned the object in somebody's request.
func (r *testRing) mayAssign(event auditEvent) bool {
	return r.webhook && event.ObjectRef.Resource == "deployments"
}
