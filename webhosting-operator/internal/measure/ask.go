// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	prometheusv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// Result is what a query returned.
type Result struct {
	Query Query
	// Values are those of an instant query, too: one a series.
	Values model.Matrix
	// Notes are what Prometheus remarked, and why there are no values.
	Notes []string
}

// Asker asks Prometheus.
type Asker struct {
	API prometheusv1.API
	// Start and End are the time range.
	Start, End time.Time
	// Step is the time between two values where the query does not say it.
	Step time.Duration
}

// Ask runs all queries. It tells about all that are wrong or return nothing at once, and gives up as soon as Prometheus
// itself does not answer.
func (a Asker) Ask(ctx context.Context, queries []Query) ([]Result, error) {
	var results []Result
	var problems []error
	for _, query := range queries {
		result, err := a.ask(ctx, query)
		switch {
		case err != nil && !isAboutQuery(err):
			return nil, fmt.Errorf("asking Prometheus for %s: %w", query.Name, err)
		case err != nil:
			problems = append(problems, fmt.Errorf("line %d: query %s: %w", query.Line, query.Name, err))
		case len(result.Values) == 0 && !query.Optional:
			problems = append(problems, fmt.Errorf(
				"line %d: query %s returned nothing: is the metric there, was it scraped then? (optional: true allows it)", query.Line, query.Name))
		case len(result.Values) == 0:
			result.Notes = append(result.Notes, "returned nothing")
		}
		results = append(results, result)
	}
	return results, errors.Join(problems...)
}

func (a Asker) ask(ctx context.Context, query Query) (Result, error) {
	expression := strings.ReplaceAll(query.Expression, RangeVariable, model.Duration(a.End.Sub(a.Start)).String())
	var value model.Value
	var warnings prometheusv1.Warnings
	var err error
	if query.Type == Instant {
		value, warnings, _, err = a.API.Query(ctx, expression, a.End)
	} else {
		step := query.Step
		if step == 0 {
			step = a.Step
		}
		value, warnings, _, err = a.API.QueryRange(ctx, expression, prometheusv1.Range{Start: a.Start, End: a.End, Step: step})
	}
	if err != nil {
		return Result{}, err
	}
	values, err := matrixOf(value)
	return Result{Query: query, Values: values, Notes: warnings}, err
}

// errNoNumbers is about a query, not about Prometheus.
var errNoNumbers = errors.New("it returned no numbers")

func matrixOf(value model.Value) (model.Matrix, error) {
	var matrix model.Matrix
	switch value := value.(type) {
	case model.Matrix:
		matrix = value
	case model.Vector:
		for _, sample := range value {
			series := &model.SampleStream{Metric: sample.Metric, Values: []model.SamplePair{{Timestamp: sample.Timestamp, Value: sample.Value}}}
			if sample.Histogram != nil {
				series.Histograms = []model.SampleHistogramPair{{Timestamp: sample.Timestamp, Histogram: sample.Histogram}}
			}
			matrix = append(matrix, series)
		}
	case *model.Scalar:
		matrix = model.Matrix{{Values: []model.SamplePair{{Timestamp: value.Timestamp, Value: value.Value}}}}
	default:
		return nil, fmt.Errorf("%w but a %s", errNoNumbers, value.Type())
	}
	for _, series := range matrix {
		if len(series.Histograms) > 0 {
			return nil, fmt.Errorf("%w but a histogram: take a quantile of it", errNoNumbers)
		}
	}
	return matrix, nil
}

// isAboutQuery reports whether the query is to blame, and not Prometheus or the way to it.
func isAboutQuery(err error) bool {
	if answer, ok := errors.AsType[*prometheusv1.Error](err); ok {
		return answer.Type == prometheusv1.ErrBadData || answer.Type == prometheusv1.ErrExec
	}
	return errors.Is(err, errNoNumbers)
}
