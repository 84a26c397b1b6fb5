// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package figures

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestSlope(t *testing.T) {
	g := NewWithT(t)
	g.Expect(Slope(nil, nil)).To(BeZero())
	g.Expect(Slope([]float64{5}, []float64{7})).To(BeZero())
	g.Expect(Slope([]float64{5, 5}, []float64{7, 9})).To(BeZero(), "the same x tells nothing")
	g.Expect(Slope([]float64{100, 1000, 10000}, []float64{30e6, 30e6, 30e6})).To(BeNumerically("~", 0, 1e-6))
	g.Expect(Slope([]float64{1, 2, 3}, []float64{10, 13, 16})).To(BeNumerically("~", 3, 1e-9))
	g.Expect(Slope([]float64{0, 1, 2, 3}, []float64{1, 0, 3, 2})).To(BeNumerically("~", 0.6, 1e-9))
}
