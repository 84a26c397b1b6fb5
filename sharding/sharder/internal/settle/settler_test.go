// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"errors"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

func TestSettle(t *testing.T) {
	states := map[string]lease.State{"a": lease.Ready, "b": lease.Ready, "dead": lease.Dead, "fenced": lease.Fenced}
	name := nameFor("a", 0, "a", "b")

	for title, test := range map[string]struct {
		labels map[string]string
		patch  string            // the labels in a merge patch; "" if there is none
		json   string            // a JSON patch; "" if there is none
		after  map[string]string // labels in the end
	}{
		"assigns": {
			labels: map[string]string{"app": "x"}, patch: `{"` + labelShard + `": "a"}`,
			after: map[string]string{"app": "x", labelShard: "a"},
		},
		"assigns, and clears a stray drain label": {
			labels: map[string]string{labelDrain: "true"}, patch: `{"` + labelShard + `": "a", "` + labelDrain + `": null}`,
			after: assignedTo("a"),
		},
		"drains": {
			labels: assignedTo("b"), after: drainingAt("b"), json: `[
				{"op": "test", "path": "/metadata/uid", "value": "uid-of-` + name + `"},
				{"op": "test", "path": "/metadata/labels/shard.alpha.sharding.timebertt.dev~1my-ring", "value": "b"},
				{"op": "add", "path": "/metadata/labels/drain.alpha.sharding.timebertt.dev~1my-ring", "value": "true"}]`,
		},
		"moves": {
			labels: assignedTo("dead"), patch: `{"` + labelShard + `": "a"}`, after: assignedTo("a"),
		},
		"moves, and clears the drain label": {
			labels: drainingAt("dead"), patch: `{"` + labelShard + `": "a", "` + labelDrain + `": null}`, after: assignedTo("a"),
		},
		"moves from a shard that has no lease": {
			labels: assignedTo("unknown"), patch: `{"` + labelShard + `": "a"}`, after: assignedTo("a"),
		},
		"leaves alone what is where it belongs":        {labels: assignedTo("a"), after: assignedTo("a")},
		"leaves alone what is draining":                {labels: drainingAt("b"), after: drainingAt("b")},
		"leaves alone what is draining and back again": {labels: drainingAt("a"), after: drainingAt("a")},
		"leaves alone what a fenced shard may change":  {labels: assignedTo("fenced"), after: assignedTo("fenced")},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newCluster(t, states, deployment(name, test.labels))
			object := c.object(t, name)
			g.Expect(c.settle(t.Context(), object)).To(Succeed())

			switch {
			case test.json != "":
				g.Expect(c.patches).To(HaveExactElements(MatchJSON(test.json)))
			case test.patch == "":
				g.Expect(c.patches).To(BeEmpty())
			default:
				g.Expect(c.patches).To(HaveExactElements(MatchJSON(
					`{"metadata": {"uid": "uid-of-` + name + `", "resourceVersion": "41", "labels": ` + test.patch + `}}`)))
			}
			g.Expect(c.object(t, name).Labels).To(Equal(test.after))
			g.Expect(object.Labels).To(Equal(test.after), "the caller's object is as fresh")
		})
	}
}

func TestSettleWithoutAShard(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, map[string]lease.State{"dead": lease.Dead}, deployment("orphan", assignedTo("dead")), deployment("new", nil))
	for _, name := range []string{"orphan", "new"} {
		g.Expect(c.settle(t.Context(), c.object(t, name))).To(Succeed())
	}
	g.Expect(c.patches).To(BeEmpty())
}

func TestSettleDrainsWhateverElseChanges(t *testing.T) {
	g := NewWithT(t)
	name := nameFor("a", 0, "a", "b")
	c := newCluster(t, ready("a", "b"), deployment(name, assignedTo("b")))
	object := c.object(t, name)
	c.relabel(t, name, map[string]string{"app": "x", labelShard: "b"})

	g.Expect(c.settle(t.Context(), object)).To(Succeed())
	g.Expect(c.patches).To(HaveLen(1))
	g.Expect(c.object(t, name).Labels).To(Equal(map[string]string{"app": "x", labelShard: "b", labelDrain: "true"}))
}

func TestSettleDrainsNoOtherShardsObject(t *testing.T) {
	g := NewWithT(t)
	name := nameFor("a", 0, "a", "b")
	c := newCluster(t, ready("a", "b"), deployment(name, assignedTo("b")))
	object := c.object(t, name)
	c.relabel(t, name, assignedTo("a"))

	g.Expect(c.settle(t.Context(), object)).To(Succeed())
	g.Expect(c.patches).To(HaveLen(1))
	g.Expect(c.object(t, name).Labels).To(Equal(assignedTo("a")))
}

func TestSettleCounts(t *testing.T) {
	g := NewWithT(t)
	counted := func() []float64 {
		return []float64{
			testutil.ToFloat64(assignments.WithLabelValues("my-ring")),
			testutil.ToFloat64(drains.WithLabelValues("my-ring")),
			testutil.ToFloat64(moves.WithLabelValues("my-ring")),
		}
	}
	before := counted()
	c := newCluster(t, ready("a", "b"),
		deployment(nameFor("a", 0, "a", "b"), nil),
		deployment(nameFor("a", 1, "a", "b"), assignedTo("b")),
		deployment(nameFor("a", 2, "a", "b"), assignedTo("gone")),
		deployment(nameFor("a", 3, "a", "b"), assignedTo("gone")),
		deployment(nameFor("a", 4, "a", "b"), assignedTo("a")),
	)
	for n := range 5 {
		g.Expect(c.settle(t.Context(), c.object(t, nameFor("a", n, "a", "b")))).To(Succeed())
	}
	after := counted()
	for i, more := range []float64{1, 1, 2} {
		g.Expect(after[i]-before[i]).To(Equal(more), "metric %d", i)
	}
}

func TestSettleDecidesAgainOnFreshData(t *testing.T) {
	name := nameFor("a", 0, "a", "b")
	for title, test := range map[string]struct {
		now     map[string]string // labels when the decision is carried out that was made without any
		patches int
		second  string // is in the second patch
		after   map[string]string
	}{
		"somebody else assigned it":      {now: assignedTo("a"), patches: 1, after: assignedTo("a")},
		"somebody assigned it elsewhere": {now: assignedTo("b"), patches: 2, second: `"op":"add"`, after: drainingAt("b")},
		"somebody changed something else": {
			now: map[string]string{"app": "x"}, patches: 2, second: `"resourceVersion":"42"`,
			after: map[string]string{"app": "x", labelShard: "a"},
		},
		"somebody assigned and drained it": {now: drainingAt("b"), patches: 1, after: drainingAt("b")},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newCluster(t, ready("a", "b"), deployment(name, nil))
			object := c.object(t, name)
			c.relabel(t, name, test.now)

			g.Expect(c.settle(t.Context(), object)).To(Succeed())
			g.Expect(c.patches).To(HaveLen(test.patches))
			g.Expect(c.patches[0]).To(ContainSubstring(`"resourceVersion":"41"`))
			if test.patches > 1 {
				g.Expect(c.patches[1]).To(And(ContainSubstring(test.second), ContainSubstring(`"uid-of-`+name+`"`)))
			}
			g.Expect(c.object(t, name).Labels).To(Equal(test.after))
		})
	}
}

func TestSettleGivesUp(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, ready("a"), deployment("x", nil))
	object := c.object(t, "x")
	c.gets = 0
	c.onPatch = func(context.Context, client.Object) error { return conflict("x") }

	g.Expect(c.settle(t.Context(), object)).To(MatchError("Deployment default/x was still changing after 5 attempts"))
	g.Expect(c.patches).To(HaveLen(5))
	g.Expect(c.gets).To(Equal(5))
}

func TestSettleWhatIsGone(t *testing.T) {
	notFound := apierrors.NewNotFound(deploymentsGroup, "x")

	t.Run("before it is written", func(t *testing.T) {
		g := NewWithT(t)
		c := newCluster(t, ready("a"), deployment("x", nil))
		c.onPatch = func(context.Context, client.Object) error { return notFound }
		g.Expect(c.settle(t.Context(), c.object(t, "x"))).To(Succeed())
		g.Expect(c.patches).To(HaveLen(1))
	})

	t.Run("before it is read again", func(t *testing.T) {
		g := NewWithT(t)
		c := newCluster(t, ready("a"), deployment("x", nil))
		object := c.object(t, "x")
		c.onPatch = func(context.Context, client.Object) error { return conflict("x") }
		c.onGet = func(context.Context) error { return notFound }
		g.Expect(c.settle(t.Context(), object)).To(Succeed())
		g.Expect(c.patches).To(HaveLen(1))
	})
}

func TestSettleReturnsErrors(t *testing.T) {
	unavailable := errors.New("service unavailable")

	t.Run("of writing", func(t *testing.T) {
		g := NewWithT(t)
		before := testutil.ToFloat64(assignments.WithLabelValues("my-ring"))
		c := newCluster(t, ready("a"), deployment("x", nil))
		c.onPatch = func(context.Context, client.Object) error { return unavailable }
		g.Expect(c.settle(t.Context(), c.object(t, "x"))).To(And(
			MatchError(unavailable), MatchError(ContainSubstring("assign Deployment default/x")),
		))
		g.Expect(c.patches).To(HaveLen(1))
		g.Expect(testutil.ToFloat64(assignments.WithLabelValues("my-ring"))).To(Equal(before), "it was not assigned")
	})

	t.Run("of reading again", func(t *testing.T) {
		g := NewWithT(t)
		c := newCluster(t, ready("a"), deployment("x", nil))
		object := c.object(t, "x")
		c.onPatch = func(context.Context, client.Object) error { return conflict("x") }
		c.onGet = func(context.Context) error { return unavailable }
		g.Expect(c.settle(t.Context(), object)).To(MatchError(unavailable))
		g.Expect(c.patches).To(HaveLen(1))
	})
}

// A membership that changes while an object is written is not one that the walk which it starts may have seen: the walk
// may be over before the write arrives.
func TestSettleDecidesAgainWhenTheMembershipChanged(t *testing.T) {
	name := nameFor("a", 0, "a", "b")
	for title, test := range map[string]struct {
		states map[string]lease.State
		after  map[string]string
	}{
		"the shard left":              {states: ready("b"), after: assignedTo("b")},
		"the shard is fenced":         {states: map[string]lease.State{"a": lease.Fenced, "b": lease.Ready}, after: assignedTo("a")},
		"another one left":            {states: ready("a"), after: assignedTo("a")},
		"all left":                    {after: assignedTo("a")},
		"another one has it by right": {states: ready("a", "b", takesOver(name)), after: drainingAt("a")},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newCluster(t, ready("a", "b"), deployment(name, nil))
			object := c.object(t, name)
			c.onPatch = func(context.Context, client.Object) error {
				c.onPatch = nil
				c.members.publish(shards(test.states))
				return nil
			}
			g.Expect(c.settle(t.Context(), object)).To(Succeed())
			g.Expect(c.object(t, name).Labels).To(Equal(test.after))
			g.Expect(c.patches[0]).To(ContainSubstring(`"resourceVersion":"41"`))
			if len(c.patches) > 1 {
				g.Expect(c.patches[1:]).To(HaveExactElements(Or(
					ContainSubstring(`"resourceVersion":"42"`),
					ContainSubstring(`{"op":"test","path":"/metadata/labels/shard.alpha.sharding.timebertt.dev~1my-ring","value":"a"}`),
				)), "decided on what was written first")
			}
		})
	}
}

// takesOver returns a shard that, when it joins the shards a and b, takes the object over.
func takesOver(object string) string {
	for suffix := 'c'; ; suffix++ {
		if joined := string(suffix); belongsTo(object, "a", "b", joined) == joined {
			return joined
		}
	}
}

func TestSettleNotesDraining(t *testing.T) {
	name := nameFor("a", 0, "a", "b")
	for title, test := range map[string]struct {
		labels map[string]string
		noted  bool
	}{
		"that it asked for":     {labels: assignedTo("b"), noted: true},
		"that it comes across":  {labels: drainingAt("b"), noted: true},
		"of none that it moves": {labels: drainingAt("gone")},
		"of none that is clean": {labels: assignedTo("a")},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newCluster(t, ready("a", "b"), deployment(name, test.labels))
			g.Expect(c.settle(t.Context(), c.object(t, name))).To(Succeed())
			if test.noted {
				g.Expect(c.samples()).To(Equal(map[string]string{"b": name}))
			} else {
				g.Expect(c.samples()).To(BeEmpty())
			}
		})
	}
}
