// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/figures"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
)

// Report is everything that was measured. What was not is nil or empty.
type Report struct {
	Machine   machine.Machine `json:"machine"`
	Sizes     Sizes           `json:"sizes"`
	Admission *Admission      `json:"admission,omitempty"`
	// Protected is the same with the policies on labels, which look at the same namespaces as the webhook.
	Protected  *Admission  `json:"protected,omitempty"`
	Assignment *Assignment `json:"assignment,omitempty"`
	Footprint  *Footprint  `json:"footprint,omitempty"`
	Churn      *Churn      `json:"churn,omitempty"`
	Joins      []Join      `json:"joins,omitempty"`
	Websites   *Websites   `json:"websites,omitempty"`
	// Failures say which experiments were not measured to the end, and why.
	Failures []string `json:"failures,omitempty"`
}

// Footprint is what the sharder needs.
type Footprint struct {
	ByObjects []Need `json:"byObjects"`
	ByRings   []Need `json:"byRings"`
}

// Slope is how many more bytes the instance that leads needs for each further object, of resident memory and of objects on
// the heap; 0 if fewer than two numbers of objects were measured.
func (f Footprint) Slope() (rss, live float64) {
	var objects, resident, heap []float64
	for _, need := range f.ByObjects {
		if len(need.Instances) == 0 {
			continue
		}
		objects = append(objects, float64(need.Objects))
		resident = append(resident, float64(need.Instances[0].RSS))
		heap = append(heap, float64(need.Instances[0].LiveHeap))
	}
	return figures.Slope(objects, resident), figures.Slope(objects, heap)
}

// JSON writes the report for programs.
func (r Report) JSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

// Text writes the report for people: tables in Markdown.
func (r Report) Text(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "- %s\n\n", r.Machine)
	r.requests(&b)
	if r.Assignment != nil {
		r.Assignment.text(&b, r.Sizes)
	}
	if r.Footprint != nil {
		r.Footprint.text(&b)
	}
	if r.Churn != nil {
		r.Churn.text(&b)
	}
	if len(r.Joins) > 0 {
		b.WriteString("### A shard joins a ring of ConfigMaps\n\n")
		figures.Table(&b, []string{
			"objects", "settled", "moved", "by the ring", "moved/ideal", "sharder's writes per moved", "acknowledgements per moved", "refused", "all requests of the sharder",
		}, figures.Rows(r.Joins, Join.row))
	}
	if r.Websites != nil {
		b.WriteString("### A shard joins the operator\n\n")
		if err := r.Websites.text(&b); err != nil {
			return err
		}
	}
	if len(r.Failures) > 0 {
		b.WriteString("### Not measured to the end\n\n")
		for _, failure := range r.Failures {
			fmt.Fprintf(&b, "- %s\n", failure)
		}
		b.WriteString("\n")
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// requests tells what the webhook adds to requests.
func (r Report) requests(b *strings.Builder) {
	var rows [][]string
	if r.Admission != nil {
		rows = append(rows, r.Admission.row("at rest"))
	}
	if r.Protected != nil {
		rows = append(rows, r.Protected.row("at rest, with policies"))
	}
	if r.Websites != nil && r.Websites.Rebalancing != nil {
		rows = append(rows, r.Websites.Rebalancing.row("while websites move, with policies"))
	}
	if len(rows) == 0 {
		return
	}
	b.WriteString("### What the webhook adds to a request\n\n")
	figures.Table(b, []string{
		"requests", "each", "with it p50", "p99", "without p50", "p99", "added p50", "p99", "answers without a shard",
	}, rows)
}

// Measured reports whether there is anything to tell.
func (r Report) Measured() bool {
	return r.Admission != nil || r.Assignment != nil || r.Footprint != nil || r.Churn != nil || len(r.Joins) > 0 ||
		r.Websites != nil || len(r.Failures) > 0
}
