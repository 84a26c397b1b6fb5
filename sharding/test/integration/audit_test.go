// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"bytes"
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
	if match := shardAgent.FindStringSubmatch(e.UserAgent); match != nil {
		return match[1]
	}
	return ""
}

var shardAgent = regexp.MustCompile(` shard/(\S+)$`)

func (e auditEvent) bySharder() bool { return strings.HasSuffix(e.UserAgent, " sharder") }

// isUncertain reports whether nobody was told how the write ended, as when who wrote was killed meanwhile: the API server
// may have carried it out.
func (e auditEvent) isUncertain() bool { return e.ResponseStatus.Code >= 500 }

// isToMain reports whether a main object was written to, and not what it controls.
func (e auditEvent) isToMain() bool { return e.ObjectRef.Resource == "deployments" }

// writes returns the writes to the ring's main objects and what they control, by name, in the order in which the API server
// received them, but for those that it refused. A main object and what it controls have the same name. A write is seen by
// others before it is logged, so the last ones may be missing.
func (r *testRing) writes(g Gomega) map[string][]auditEvent {
	log, err := os.ReadFile(auditLog)
	g.Expect(err).NotTo(HaveOccurred())
	writes := map[string][]auditEvent{}
	for line := range bytes.Lines(log) {
		if !bytes.HasSuffix(line, []byte("\n")) || !bytes.Contains(line, []byte(r.namespace)) {
			continue // it is being written, or about another ring
		}
		var event auditEvent
		g.Expect(json.Unmarshal(line, &event)).To(Succeed())
		if event.ObjectRef.Namespace == r.namespace && event.ObjectRef.Resource != "leases" && (event.ResponseStatus.Code < 300 || event.isUncertain()) {
			writes[event.ObjectRef.Name] = append(writes[event.ObjectRef.Name], event)
		}
	}
	for _, events := range writes {
		slices.SortStableFunc(events, func(a, b auditEvent) int { return a.Received.Compare(b.Received) })
	}
	return writes
}

// expectNoInterleavedWrites expects handovers to find nothing wrong once all lines of the log are there, and returns how
// many there were.
func (r *testRing) expectNoInterleavedWrites() (handovers int) {
	GinkgoHelper()
	Eventually(func(g Gomega) { handovers = r.handovers(g) }).Should(Succeed())
	return handovers
}

// handovers proves invariant I1 for all objects of the ring: when another shard begins to write to a main object or what it
// controls, all writes of the shard before are complete, and the sharder has assigned the object in between, or may have.
// It returns how many handovers there were.
//
// Shards write to main objects only to let them go. Such a write may be answered after the next owner has begun.
func (r *testRing) handovers(g Gomega) (handovers int) {
	for name, events := range r.writes(g) {
		owner := ""
		var lastWrite time.Time
		assigned := false
		for _, event := range events {
			switch shard := event.shard(); {
			case event.bySharder():
				assigned = true
			case shard == "", event.isUncertain():
				assigned = assigned || r.mayAssign(event)
			default:
				if shard != owner {
					g.Expect(assigned).To(BeTrue(), "%s wrote to %s after %s without being assigned", shard, name, owner)
					Expect(event.Received).To(BeTemporally(">=", lastWrite), "%s wrote to %s while %s did", shard, name, owner)
					if owner != "" {
						handovers++
					}
					owner = shard
				}
				assigned = r.mayAssign(event)
				if !event.isToMain() && event.Completed.After(lastWrite) {
					lastWrite = event.Completed
				}
			}
		}
	}
	return handovers
}

// mayAssign reports whether the webhook may have assigned the object in somebody's request.
func (r *testRing) mayAssign(event auditEvent) bool { return r.webhook && event.isToMain() }
