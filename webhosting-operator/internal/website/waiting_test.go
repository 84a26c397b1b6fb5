// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
)

func TestWaiting(t *testing.T) {
	g := NewWithT(t)
	var w waiting
	a, b := types.NamespacedName{Name: "a"}, types.NamespacedName{Name: "b"}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

	g.Expect(w.left(a, now)).To(Equal(2 * time.Second))
	g.Expect(w.left(a, now.Add(300*time.Millisecond))).To(Equal(1700 * time.Millisecond))
	g.Expect(w.left(b, now.Add(time.Second))).To(Equal(2 * time.Second))
	g.Expect(w.left(a, now.Add(2*time.Second))).To(BeZero())
	g.Expect(w.left(a, now.Add(time.Hour))).To(BeNumerically("<", 0), "it goes on until it is ended")

	w.end(a)
	g.Expect(w.left(a, now.Add(3*time.Second))).To(Equal(2 * time.Second))
	w.end(types.NamespacedName{Name: "unknown"})
}

func TestWaitingForgetsWhatNobodyEnds(t *testing.T) {
	g := NewWithT(t)
	var w waiting
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	w.left(types.NamespacedName{Name: "first"}, now)
	for minute := range 100 {
		w.left(types.NamespacedName{Name: "website", Namespace: string(rune('a' + minute))}, now.Add(time.Duration(minute)*time.Minute))
	}
	g.Expect(len(w.since)).To(BeNumerically("<=", 21))
}
