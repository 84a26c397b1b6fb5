// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package supervisor

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestDiff(t *testing.T) {
	a, b := Instance{Name: "a", Digest: "1"}, Instance{Name: "b", Digest: "1"}
	changed := Instance{Name: "a", Digest: "2"}

	for name, test := range map[string]struct {
		running map[string]string
		wanted  []Instance
		stop    []string
		start   []Instance
	}{
		"nothing at all":          {},
		"the first start":         {wanted: []Instance{b, a}, start: []Instance{a, b}},
		"nothing changed":         {running: map[string]string{"a": "1", "b": "1"}, wanted: []Instance{a, b}},
		"one more":                {running: map[string]string{"a": "1"}, wanted: []Instance{a, b}, start: []Instance{b}},
		"one less":                {running: map[string]string{"a": "1", "b": "1"}, wanted: []Instance{a}, stop: []string{"b"}},
		"one changed":             {running: map[string]string{"a": "1", "b": "1"}, wanted: []Instance{changed, b}, stop: []string{"a"}, start: []Instance{changed}},
		"one replaced by another": {running: map[string]string{"a": "1"}, wanted: []Instance{b}, stop: []string{"a"}, start: []Instance{b}},
		"nothing wanted any more": {running: map[string]string{"b": "1", "a": "1"}, stop: []string{"a", "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			stop, start := diff(test.running, test.wanted)
			g.Expect(stop).To(Equal(test.stop))
			g.Expect(start).To(Equal(test.start))
		})
	}
}
