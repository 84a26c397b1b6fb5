// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluation_test

import (
	"testing"
	"testing/fstest"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluation/evaluationtest"
)

func TestSpans(t *testing.T) {
	begin := time.Date(2026, 1, 5, 9, 30, 0, 0, time.UTC)
	after := func(minutes float64) time.Time { return begin.Add(time.Duration(minutes * float64(time.Minute))) }
	phase := func(name string, from, to float64) evaluation.Phase {
		return evaluation.Phase{Name: name, Begin: after(from), End: after(to)}
	}
	span := func(name string, from, to float64) evaluation.Span {
		return evaluation.Span{Name: name, Begin: after(from), End: after(to)}
	}
	for name, test := range map[string]struct {
		phases   []evaluation.Phase
		expected []evaluation.Span
	}{
		"the hold is the last phase": {
			phases:   []evaluation.Phase{phase("fill", 0, 4), phase("hold", 4, 6)},
			expected: []evaluation.Span{span("load", 0, 6), span("hold", 4, 6)},
		},
		"whatever its name": {
			phases:   []evaluation.Phase{phase("steady", 0, 2), phase("chaos", 2, 5), phase("after", 5, 6)},
			expected: []evaluation.Span{span("load", 0, 6), span("hold", 5, 6)},
		},
		"being idle is no load, and begins when the load has come to its end": {
			phases:   []evaluation.Phase{phase("fill", 0, 4), phase("hold", 4, 5), phase("idle", 5, 6)},
			expected: []evaluation.Span{span("load", 0, 5), span("hold", 4, 5), span("idle", 5.5, 6)},
		},
		"without phases": {expected: []evaluation.Span{span("load", 0, 6)}},
	} {
		t.Run(name, func(t *testing.T) {
			result := evaluation.Result{Begin: begin, End: after(6), Phases: test.phases}
			NewWithT(t).Expect(result.Spans()).To(Equal(test.expected))
		})
	}
}

func TestWhatIsTakenWhileIdle(t *testing.T) {
	g := NewWithT(t)
	folder := evaluationtest.Folder(true)
	add := func(name, content string) {
		folder["dedicated/metrics/"+name+".csv"] = &fstest.MapFile{Data: []byte(content)}
	}
	add("idle-requests", `time,code,component,instance,resource,verb,value
2026-01-05T09:32:00.000Z,200,operator,a,leases,update,30
2026-01-05T09:32:00.000Z,200,operator,a,websites,watch,2
2026-01-05T09:32:00.000Z,201,sharder,b,tokenreviews,create,12
`)
	add("idle-rss", `time,component,instance,value
2026-01-05T09:32:00.000Z,operator,a,4e7
2026-01-05T09:32:00.000Z,operator,b,5e7
2026-01-05T09:32:00.000Z,sharder,c,6e7
`)
	e := read(t, folder)
	known := func(number float64) types.GomegaMatcher {
		return HaveExactElements(HaveField("Known", false), And(HaveField("Known", true), HaveField("Number", number)))
	}
	g.Expect(row(t, e, "requests a minute, idle, leases aside")).To(known(2))
	g.Expect(row(t, e, "RSS, idle, largest instance of the operator")).To(known(5e7))
	g.Expect(row(t, e, "RSS, idle, largest sharder")).To(known(6e7))
}
