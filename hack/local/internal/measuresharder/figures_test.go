// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/figures"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/standin"
)

func TestAdmissionOf(t *testing.T) {
	g := NewWithT(t)
	g.Expect(admissionOf(nil)).To(Equal(Admission{}))
	admission := admissionOf([]probe{
		{selected: true, took: 4 * time.Second, assigned: true},
		{took: 3 * time.Second},
		{took: 1 * time.Second, assigned: true}, // which nobody asked about
		{selected: true, took: 3 * time.Second},
	})
	g.Expect(admission).To(Equal(Admission{
		Asked:      figures.Latency{Count: 2, P50: 3, P99: 4, Max: 4},
		Unasked:    figures.Latency{Count: 2, P50: 1, P99: 3, Max: 3},
		AddedP50:   2,
		AddedP99:   1,
		Unassigned: 1,
	}))
}

func TestAssignedOf(t *testing.T) {
	g := NewWithT(t)
	g.Expect(assignedOf(nil)).To(Equal(Assigned{}))
	g.Expect(Assigned{}.Share()).To(BeZero())
	begin := time.Now()
	after := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	assigned := assignedOf([]standin.Creation{
		{Key: "b", Sent: after(1), Answered: after(2), Assigned: true},
		{Key: "a", Sent: begin, Answered: after(1), Assigned: true},
		{Key: "c", Sent: after(3), Answered: after(4)},
		{Key: "d", Sent: after(2), Answered: after(3), Assigned: true},
	})
	g.Expect(assigned).To(Equal(Assigned{Created: 4, PerSecond: 1, ByWebhook: 3}))
	g.Expect(assigned.Share()).To(Equal(0.75))
}

func TestUntilAssigned(t *testing.T) {
	g := NewWithT(t)
	begin := time.Now()
	latency := untilAssigned(
		[]standin.Creation{{Key: "a", Sent: begin}, {Key: "b", Sent: begin.Add(time.Second)}, {Key: "never", Sent: begin}},
		map[string]time.Time{"a": begin.Add(2 * time.Second), "b": begin.Add(2 * time.Second), "another one": begin},
	)
	g.Expect(latency).To(Equal(figures.Latency{Count: 2, P50: 1, P99: 2, Max: 2, Unfinished: 1}))
}
