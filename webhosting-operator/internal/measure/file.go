// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// Type says what a query is asked for.
type Type string

const (
	// Range queries are evaluated at every step of the time range.
	Range Type = "range"
	// Instant queries are evaluated once, at the end of the time range.
	Instant Type = "instant"
)

// Query is one query of a file.
type Query struct {
	// Name is unique in its file, and names the file that the result is written to.
	Name string
	// Expression is in PromQL. RangeVariable in it stands for the length of the time range.
	Expression string
	// Type is Range unless the file says otherwise.
	Type Type
	// Step is the time between two values of a range query; 0 if the file leaves it open.
	Step time.Duration
	// Optional queries may return nothing.
	Optional bool
	// Objective is what all values have to fulfil; nil if there is none.
	Objective *Objective
	// Line is where the query begins in its file.
	Line int
}

// RangeVariable is replaced by the length of the time range in all expressions, for rates and increases over all of it.
const RangeVariable = "$__range"

// document is a file of queries, as it is written.
type document struct {
	Queries []entry `yaml:"queries"`
}

type entry struct {
	Name     string  `yaml:"name"`
	Query    string  `yaml:"query"`
	Type     Type    `yaml:"type"`
	Step     *string `yaml:"step"`
	Optional bool    `yaml:"optional"`
	SLO      *struct {
		Comparison Comparison `yaml:"comparison"`
		Threshold  *float64   `yaml:"threshold"`
	} `yaml:"slo"`
}

// Names become names of files.
var validName = regexp.MustCompile(`^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$`)

// Decode reads a file of queries. It refuses fields that it does not know, and tells about all that is wrong at once, each
// with its line.
func Decode(content []byte) ([]Query, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	var file document
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one document in it")
	}
	if len(file.Queries) == 0 {
		return nil, errors.New("queries: there is none")
	}
	lines, err := linesOf(content)
	if err != nil {
		return nil, err
	}

	var queries []Query
	var problems []error
	seen := map[string]int{}
	for i, entry := range file.Queries {
		line := lines[i]
		wrong := func(field, format string, arguments ...any) {
			problems = append(problems, fmt.Errorf("line %d: queries[%d].%s: %s", line, i, field, fmt.Sprintf(format, arguments...)))
		}
		if other := seen[entry.Name]; other != 0 {
			wrong("name", "%q is the name of the query in line %d, too", entry.Name, other)
		}
		seen[entry.Name] = line
		queries = append(queries, entry.query(line, wrong))
	}
	return queries, errors.Join(problems...)
}

// query returns what the entry says, and calls the function for each field that is wrong.
func (e entry) query(line int, wrong func(field, format string, arguments ...any)) Query {
	query := Query{Name: e.Name, Expression: e.Query, Type: e.Type, Optional: e.Optional, Line: line}
	if !validName.MatchString(e.Name) {
		wrong("name", "%q is none: small letters, digits, - and _ are allowed", e.Name)
	}
	if e.Query == "" {
		wrong("query", "is missing")
	}
	switch e.Type {
	case "":
		query.Type = Range
	case Range, Instant:
	default:
		wrong("type", "%q is unknown: it is range or instant", e.Type)
	}
	if e.Step != nil {
		step, err := model.ParseDuration(*e.Step)
		switch {
		case query.Type == Instant:
			wrong("step", "an instant query has none")
		case err != nil || step <= 0:
			wrong("step", "%q is no duration like 15s", *e.Step)
		}
		query.Step = time.Duration(step)
	}
	if e.SLO != nil {
		if !e.SLO.Comparison.valid() {
			wrong("slo.comparison", "%q is unknown: it is one of <, <=, > and >=", e.SLO.Comparison)
		}
		if e.SLO.Threshold == nil {
			wrong("slo.threshold", "is missing")
			return query
		}
		query.Objective = &Objective{Comparison: e.SLO.Comparison, Threshold: *e.SLO.Threshold}
	}
	return query
}

// linesOf returns the line that each query begins in.
func linesOf(content []byte) ([]int, error) {
	var positions struct {
		Queries []yaml.Node `yaml:"queries"`
	}
	if err := yaml.Unmarshal(content, &positions); err != nil {
		return nil, err
	}
	lines := make([]int, 0, len(positions.Queries))
	for _, node := range positions.Queries {
		lines = append(lines, node.Line)
	}
	return lines, nil
}
