// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package websites

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
)

func TestFrom(t *testing.T) {
	g := NewWithT(t)
	objects, err := manifests.Parse([]byte(`
apiVersion: webhosting.timebertt.dev/v1alpha1
kind: Website
metadata:
  name: herbs
  namespace: garden
  generation: 2
  labels:
    shard.alpha.sharding.timebertt.dev/webhosting-operator: shard-1
    drain.alpha.sharding.timebertt.dev/webhosting-operator: "true"
spec: {theme: lemon}
status:
  phase: Error
  observedGeneration: 2
  conditions:
  - {type: Other, message: no}
  - {type: Ready, message: "theme lemon does not exist"}
`))
	g.Expect(err).NotTo(HaveOccurred())

	website := from(objects[0])
	g.Expect(website).To(Equal(Website{
		Namespace: "garden", Name: "herbs", Theme: "lemon", Phase: "Error", Shard: "shard-1",
		Draining: true, Current: true, Message: "theme lemon does not exist",
	}))
	g.Expect(website.Path()).To(Equal("/garden/herbs"))
}

func TestUnsettled(t *testing.T) {
	ready := Website{Phase: "Ready", Current: true}
	shards := []string{"shard-0", "shard-1"}

	for name, test := range map[string]struct {
		change func(*Website)
		shards []string
		reason string
	}{
		"ready without shards":           {},
		"ready on a shard":               {change: func(w *Website) { w.Shard = "shard-1" }, shards: shards},
		"a shard of old without shards":  {change: func(w *Website) { w.Shard = "shard-1" }},
		"not seen yet":                   {change: func(w *Website) { w.Phase = "" }, reason: "nobody"},
		"changed since":                  {change: func(w *Website) { w.Current = false }, reason: "last change"},
		"in error":                       {change: func(w *Website) { w.Phase, w.Message = "Error", "no theme" }, reason: "Error: no theme"},
		"pending without a message":      {change: func(w *Website) { w.Phase = "Pending" }, reason: "Pending"},
		"not assigned":                   {shards: shards, reason: "not assigned"},
		"on a shard that does not run":   {change: func(w *Website) { w.Shard = "shard-2" }, shards: shards, reason: "does not run"},
		"on its way from shard to shard": {change: func(w *Website) { w.Shard, w.Draining = "shard-0", true }, shards: shards, reason: "move away"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			website := ready
			if test.change != nil {
				test.change(&website)
			}
			if test.reason == "" {
				g.Expect(website.Unsettled(test.shards)).To(BeEmpty())
			} else {
				g.Expect(website.Unsettled(test.shards)).To(ContainSubstring(test.reason))
			}
		})
	}
}

func TestUnsettledByKey(t *testing.T) {
	g := NewWithT(t)
	all := []Website{
		{Namespace: "a", Name: "ready", Phase: "Ready", Current: true},
		{Namespace: "a", Name: "new"},
		{Namespace: "a", Name: "not asked for"},
	}
	g.Expect(unsettled(all, []string{"a/ready", "a/new", "a/deleted"}, nil)).To(And(HaveLen(1), HaveKey("a/new")))
}
