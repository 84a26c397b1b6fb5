// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package capacity_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/capacity"
)

// search finds the capacity of a system that bears loads up to a bound, and returns what was tried.
func search(s capacity.Search, bears func(load float64) bool) (load float64, conclusive bool, tried []float64) {
	for {
		next, more := s.Next()
		if !more || len(tried) > 100 {
			break
		}
		tried = append(tried, next)
		s.Tried(next, bears(next))
	}
	load, conclusive = s.Capacity()
	return load, conclusive, tried
}

func TestTheCapacityIsFoundWithinThePrecision(t *testing.T) {
	for _, bound := range []float64{0.3, 1, 3.7, 10, 42, 99, 640, 999} {
		g := NewWithT(t)
		load, conclusive, tried := search(
			capacity.Search{Start: 10, Limit: 1000, Growth: 1.5, Precision: 0.1, Least: 0.1},
			func(load float64) bool { return load <= bound })
		g.Expect(load).To(BeNumerically("<=", bound))
		g.Expect(load).To(BeNumerically(">=", bound*0.9), "bound %v", bound)
		g.Expect(conclusive).To(BeTrue())
		g.Expect(len(tried)).To(BeNumerically("<", 30))
	}
}

func TestWhatBearsTheLimitIsNotPushedFurther(t *testing.T) {
	g := NewWithT(t)
	load, conclusive, tried := search(
		capacity.Search{Start: 10, Limit: 50, Growth: 2, Precision: 0.1, Least: 0.1}, func(float64) bool { return true })
	g.Expect(load).To(Equal(50.0))
	g.Expect(conclusive).To(BeFalse())
	g.Expect(tried).To(Equal([]float64{10, 20, 40, 50}))
}

func TestWhatBearsNothingHasNoCapacity(t *testing.T) {
	g := NewWithT(t)
	load, conclusive, tried := search(
		capacity.Search{Start: 10, Limit: 50, Growth: 2, Precision: 0.1, Least: 1}, func(float64) bool { return false })
	g.Expect(load).To(BeZero())
	g.Expect(conclusive).To(BeTrue())
	g.Expect(tried).To(Equal([]float64{10, 10, 5, 5, 2.5, 2.5, 1.25, 1.25}))
}

func TestStepsAreFewAndGetSmaller(t *testing.T) {
	_, _, tried := search(
		capacity.Search{Start: 10, Limit: 1000, Growth: 1.5, Precision: 0.2, Least: 0.1}, func(load float64) bool { return load <= 30 })
	NewWithT(t).Expect(tried).To(Equal([]float64{10, 15, 22.5, 33.75, 33.75, 28.125}))
}

func TestWhatIsBadOnlyOnceEndsNoSearch(t *testing.T) {
	g := NewWithT(t)
	steps := 0
	load, conclusive, tried := search(
		capacity.Search{Start: 10, Limit: 1000, Growth: 1.5, Precision: 0.2, Least: 0.1}, func(load float64) bool {
			steps++
			return load <= 30 && steps%2 == 0 // every other measurement is bad
		})
	g.Expect(tried).To(Equal([]float64{10, 10, 15, 15, 22.5, 22.5, 33.75, 33.75, 28.125, 28.125}))
	g.Expect(load).To(Equal(28.125))
	g.Expect(conclusive).To(BeTrue())
}
