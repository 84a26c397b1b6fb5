// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"fmt"
	"math"
	"strconv"

	"github.com/prometheus/common/model"
)

// Comparison is how a value is compared with the threshold of an objective.
type Comparison string

// The comparisons, as they are written.
const (
	Less           Comparison = "<"
	LessOrEqual    Comparison = "<="
	Greater        Comparison = ">"
	GreaterOrEqual Comparison = ">="
)

func (c Comparison) valid() bool {
	return c == Less || c == LessOrEqual || c == Greater || c == GreaterOrEqual
}

// Objective is a service level objective: what every value of a query has to fulfil.
type Objective struct {
	Comparison Comparison
	Threshold  float64
}

// String returns it like "<= 5".
func (o Objective) String() string {
	return fmt.Sprintf("%s %s", o.Comparison, strconv.FormatFloat(o.Threshold, 'g', -1, 64))
}

// met reports whether the value fulfils the objective. NaN, which Prometheus returns where nothing was observed, does not.
func (o Objective) met(value float64) bool {
	switch o.Comparison {
	case Less:
		return value < o.Threshold
	case LessOrEqual:
		return value <= o.Threshold
	case Greater:
		return value > o.Threshold
	case GreaterOrEqual:
		return value >= o.Threshold
	default:
		return false
	}
}

// worst returns the value that is farthest on the wrong side; NaN if there is one, or no value at all.
func (o Objective) worst(matrix model.Matrix) float64 {
	worst := math.NaN()
	for _, series := range matrix {
		for _, sample := range series.Values {
			value := float64(sample.Value)
			if math.IsNaN(value) {
				return value
			}
			upper := o.Comparison == Less || o.Comparison == LessOrEqual
			if math.IsNaN(worst) || upper == (value > worst) {
				worst = value
			}
		}
	}
	return worst
}
