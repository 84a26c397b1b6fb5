// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package pace_test

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/pace"
)

func TestTheRateIsMetOverTime(t *testing.T) {
	for _, rate := range []float64{0, 0.1, 1, 4.4, 14, 100, 333.3} {
		g := NewWithT(t)
		var bucket pace.Bucket
		total, most := 0, 0
		for range 10_000 { // 100 s
			due, overdue := bucket.Fill(10*time.Millisecond, rate, time.Second)
			g.Expect(overdue).To(BeZero())
			total += due
			most = max(most, due)
		}
		g.Expect(float64(total)).To(BeNumerically("~", 100*rate, 1), "rate %v", rate)
		g.Expect(float64(most)).To(BeNumerically("<=", rate/100+1), "no bursts at rate %v", rate)
	}
}

func TestWhoFallsBehindIsToldByHowMuch(t *testing.T) {
	g := NewWithT(t)
	var bucket pace.Bucket
	due, overdue := bucket.Fill(3*time.Second, 10, time.Second)
	g.Expect(due).To(Equal(10))
	g.Expect(overdue).To(Equal(20))
	due, overdue = bucket.Fill(100*time.Millisecond, 10, time.Second)
	g.Expect(due).To(Equal(1))
	g.Expect(overdue).To(BeZero(), "it is not told twice")
}

func TestASlowRateIsNotOverdueAtOnce(t *testing.T) {
	g := NewWithT(t)
	var bucket pace.Bucket
	due, overdue := bucket.Fill(10*time.Second, 0.1, time.Second)
	g.Expect(due).To(Equal(1))
	g.Expect(overdue).To(BeZero())
}
