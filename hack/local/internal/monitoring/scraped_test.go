// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	. "github.com/onsi/gomega"
)

func TestWaitingUntilAllAreScraped(t *testing.T) {
	for name, test := range map[string]struct {
		answers  []string
		expected string
	}{
		"none, then one, then both": {answers: []string{
			`{"data":{"result":[]}}`,
			`{"data":{"result":[{"metric":{"instance":"a"}}]}}`,
			`{"data":{"result":[{"metric":{"instance":"b"}},{"metric":{"instance":"a"}}]}}`,
		}},
		"one never":     {answers: []string{`{"data":{"result":[{"metric":{"instance":"a"}}]}}`}, expected: "scrapes b"},
		"no Prometheus": {answers: []string{`<html>`}, expected: "asking Prometheus"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			answers := test.answers
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				g.Expect(r.URL.Query().Get("query")).To(ContainSubstring("up"))
				if len(answers) == 0 {
					cancel()
					return
				}
				_, _ = w.Write([]byte(answers[0]))
				answers = answers[1:]
			}))
			defer server.Close()
			err := waitScraped(ctx, server.URL, []string{"a", "b"})
			if test.expected == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(ContainSubstring(test.expected)))
		})
	}
}
