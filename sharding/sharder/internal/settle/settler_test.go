// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package settle

import (
	"context"
	"errors"
	"testing"

	"github.com/go-logr/logr"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/problems"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

func TestSettle(t *testing.T) {
	states := map[string]lease.State{"a": lease.Ready, "b": lease.Ready, "dead": lease.Dead, "fenced": lease.Fenced}
	name := testring.NameFor("a", 0, "a", "b")

	for title, test := range map[string]struct {
		labels map[string]string
		patch  string            // the labels in a merge patch; "" if there is none
		json   string            // a JSON patch; "" if there is none
		after  map[string]string // labels in the end
	}{
		"assigns": {
			labels: map[string]string{"app": "x"}, patch: `{"` + testring.LabelShard + `": "a"}`,
			after: map[string]string{"app": "x", testring.LabelShard: "a"},
		},
		"assigns, and clears a stray drain label": {
			labels: map[string]string{testring.LabelDrain: "true"}, patch: `{"` + testring.LabelShard + `": "a", "` + testring.LabelDrain + `": null}`,
			after: testring.AssignedTo("a"),
		},
		"drains": {
			labels: testring.AssignedTo("b"), after: testring.DrainingAt("b"), json: `[
				{"op": "test", "path": "/metadata/uid", "value": "uid-of-` + name + `"},
				{"op": "test", "path": "/metadata/labels/shard.alpha.sharding.timebertt.dev~1my-ring", "value": "b"},
				{"op": "add", "path": "/metadata/labels/drain.alpha.sharding.timebertt.dev~1my-ring", "value": "true"}]`,
		},
		"moves": {
			labels: testring.AssignedTo("dead"), patch: `{"` + testring.LabelShard + `": "a"}`, after: testring.AssignedTo("a"),
		},
		"moves, and clears the drain label": {
			labels: testring.DrainingAt("dead"), patch: `{"` + testring.LabelShard + `": "a", "` + testring.LabelDrain + `": null}`, after: testring.AssignedTo("a"),
		},
		"moves from a shard that has no lease": {
			labels: testring.AssignedTo("unknown"), patch: `{"` + testring.LabelShard + `": "a"}`, after: testring.AssignedTo("a"),
		},
		"leaves alone what is where it belongs":        {labels: testring.AssignedTo("a"), after: testring.AssignedTo("a")},
		"leaves alone what is draining":                {labels: testring.DrainingAt("b"), after: testring.DrainingAt("b")},
		"leaves alone what is draining and back again": {labels: testring.DrainingAt("a"), after: testring.DrainingAt("a")},
		"leaves alone what a fenced shard may change":  {labels: testring.AssignedTo("fenced"), after: testring.AssignedTo("fenced")},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newCluster(t, states, testring.Deployment(name, test.labels))
			object := c.Object(t, name)
			g.Expect(c.settle(t.Context(), object)).To(Succeed())

			switch {
			case test.json != "":
				g.Expect(c.Patches()).To(HaveExactElements(MatchJSON(test.json)))
			case test.patch == "":
				g.Expect(c.Patches()).To(BeEmpty())
			default:
				g.Expect(c.Patches()).To(HaveExactElements(MatchJSON(
					`{"metadata": {"uid": "uid-of-` + name + `", "resourceVersion": "41", "labels": ` + test.patch + `}}`)))
			}
			g.Expect(c.Object(t, name).Labels).To(Equal(test.after))
			g.Expect(object.Labels).To(Equal(test.after), "the caller's object is as fresh")
		})
	}
}

func TestSettleWithoutAShard(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, map[string]lease.State{"dead": lease.Dead}, testring.Deployment("orphan", testring.AssignedTo("dead")), testring.Deployment("new", nil))
	for _, name := range []string{"orphan", "new"} {
		g.Expect(c.settle(t.Context(), c.Object(t, name))).To(Succeed())
	}
	g.Expect(c.Patches()).To(BeEmpty())
}

func TestSettleDrainsWhateverElseChanges(t *testing.T) {
	g := NewWithT(t)
	name := testring.NameFor("a", 0, "a", "b")
	c := newCluster(t, testring.Ready("a", "b"), testring.Deployment(name, testring.AssignedTo("b")))
	object := c.Object(t, name)
	c.Relabel(t, name, map[string]string{"app": "x", testring.LabelShard: "b"})

	g.Expect(c.settle(t.Context(), object)).To(Succeed())
	g.Expect(c.Patches()).To(HaveLen(1))
	g.Expect(c.Object(t, name).Labels).To(Equal(map[string]string{"app": "x", testring.LabelShard: "b", testring.LabelDrain: "true"}))
}

func TestSettleDrainsNoOtherShardsObject(t *testing.T) {
	g := NewWithT(t)
	name := testring.NameFor("a", 0, "a", "b")
	c := newCluster(t, testring.Ready("a", "b"), testring.Deployment(name, testring.AssignedTo("b")))
	object := c.Object(t, name)
	c.Relabel(t, name, testring.AssignedTo("a"))

	g.Expect(c.settle(t.Context(), object)).To(Succeed())
	g.Expect(c.Patches()).To(HaveLen(1))
	g.Expect(c.Object(t, name).Labels).To(Equal(testring.AssignedTo("a")))
}

func TestSettleCounts(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, testring.Ready("a", "b"),
		testring.Deployment(testring.NameFor("a", 0, "a", "b"), nil),
		testring.Deployment(testring.NameFor("a", 1, "a", "b"), testring.AssignedTo("b")),
		testring.Deployment(testring.NameFor("a", 2, "a", "b"), testring.AssignedTo("gone")),
		testring.Deployment(testring.NameFor("a", 3, "a", "b"), testring.AssignedTo("gone")),
		testring.Deployment(testring.NameFor("a", 4, "a", "b"), testring.AssignedTo("a")),
	)
	for n := range 5 {
		g.Expect(c.settle(t.Context(), c.Object(t, testring.NameFor("a", n, "a", "b")))).To(Succeed())
	}
	g.Expect(testring.Counted(t, "controller_sharding_assignments_total")).To(Equal(1.0))
	g.Expect(testring.Counted(t, "controller_sharding_drains_total")).To(Equal(1.0))
	g.Expect(testring.Counted(t, "controller_sharding_moves_total")).To(Equal(2.0))
}

func TestSettleDecidesAgainOnFreshData(t *testing.T) {
	name := testring.NameFor("a", 0, "a", "b")
	for title, test := range map[string]struct {
		now     map[string]string // labels when the decision is carried out that was made without any
		patches int
		second  string // is in the second patch
		after   map[string]string
	}{
		"somebody else assigned it":      {now: testring.AssignedTo("a"), patches: 1, after: testring.AssignedTo("a")},
		"somebody assigned it elsewhere": {now: testring.AssignedTo("b"), patches: 2, second: `"op":"add"`, after: testring.DrainingAt("b")},
		"somebody changed something else": {
			now: map[string]string{"app": "x"}, patches: 2, second: `"resourceVersion":"42"`,
			after: map[string]string{"app": "x", testring.LabelShard: "a"},
		},
		"somebody assigned and drained it": {now: testring.DrainingAt("b"), patches: 1, after: testring.DrainingAt("b")},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newCluster(t, testring.Ready("a", "b"), testring.Deployment(name, nil))
			object := c.Object(t, name)
			c.Relabel(t, name, test.now)

			g.Expect(c.settle(t.Context(), object)).To(Succeed())
			g.Expect(c.Patches()).To(HaveLen(test.patches))
			g.Expect(c.Patches()[0]).To(ContainSubstring(`"resourceVersion":"41"`))
			if test.patches > 1 {
				g.Expect(c.Patches()[1]).To(And(ContainSubstring(test.second), ContainSubstring(`"uid-of-`+name+`"`)))
			}
			g.Expect(c.Object(t, name).Labels).To(Equal(test.after))
		})
	}
}

func TestSettleGivesUp(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, testring.Ready("a"), testring.Deployment("x", nil))
	object := c.Object(t, "x")
	c.Forget()
	c.OnPatch = func(context.Context, client.Object) error { return testring.Conflict("x") }

	g.Expect(c.settle(t.Context(), object)).To(MatchError("Deployment default/x was still changing after 5 attempts"))
	g.Expect(c.Patches()).To(HaveLen(5))
	g.Expect(c.Gets()).To(Equal(5))
}

func TestSettleWhatIsGone(t *testing.T) {
	notFound := apierrors.NewNotFound(testring.DeploymentsGroup, "x")

	t.Run("before it is written", func(t *testing.T) {
		g := NewWithT(t)
		c := newCluster(t, testring.Ready("a"), testring.Deployment("x", nil))
		c.OnPatch = func(context.Context, client.Object) error { return notFound }
		g.Expect(c.settle(t.Context(), c.Object(t, "x"))).To(Succeed())
		g.Expect(c.Patches()).To(HaveLen(1))
	})

	t.Run("before it is read again", func(t *testing.T) {
		g := NewWithT(t)
		c := newCluster(t, testring.Ready("a"), testring.Deployment("x", nil))
		object := c.Object(t, "x")
		c.OnPatch = func(context.Context, client.Object) error { return testring.Conflict("x") }
		c.OnGet = func(context.Context) error { return notFound }
		g.Expect(c.settle(t.Context(), object)).To(Succeed())
		g.Expect(c.Patches()).To(HaveLen(1))
	})
}

func TestSettleReturnsErrors(t *testing.T) {
	unavailable := errors.New("service unavailable")

	t.Run("of writing", func(t *testing.T) {
		g := NewWithT(t)
		c := newCluster(t, testring.Ready("a"), testring.Deployment("x", nil))
		c.OnPatch = func(context.Context, client.Object) error { return unavailable }
		g.Expect(c.settle(t.Context(), c.Object(t, "x"))).To(And(
			MatchError(unavailable), MatchError(ContainSubstring("assign Deployment default/x")),
		))
		g.Expect(c.Patches()).To(HaveLen(1))
		g.Expect(testring.Counted(t, "controller_sharding_assignments_total")).To(BeZero(), "it was not assigned")
	})

	t.Run("of reading again", func(t *testing.T) {
		g := NewWithT(t)
		c := newCluster(t, testring.Ready("a"), testring.Deployment("x", nil))
		object := c.Object(t, "x")
		c.OnPatch = func(context.Context, client.Object) error { return testring.Conflict("x") }
		c.OnGet = func(context.Context) error { return unavailable }
		g.Expect(c.settle(t.Context(), object)).To(MatchError(unavailable))
		g.Expect(c.Patches()).To(HaveLen(1))
	})
}

// A membership that changes while an object is written is not one that the walk which it starts may have seen: the walk
// may be over before the write arrives.
func TestSettleDecidesAgainWhenTheMembershipChanged(t *testing.T) {
	name := testring.NameFor("a", 0, "a", "b")
	for title, test := range map[string]struct {
		states map[string]lease.State
		after  map[string]string
	}{
		"the shard left":              {states: testring.Ready("b"), after: testring.AssignedTo("b")},
		"the shard is fenced":         {states: map[string]lease.State{"a": lease.Fenced, "b": lease.Ready}, after: testring.AssignedTo("a")},
		"another one left":            {states: testring.Ready("a"), after: testring.AssignedTo("a")},
		"all left":                    {after: testring.AssignedTo("a")},
		"another one has it by right": {states: testring.Ready("a", "b", takesOver(name)), after: testring.DrainingAt("a")},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newCluster(t, testring.Ready("a", "b"), testring.Deployment(name, nil))
			object := c.Object(t, name)
			c.OnPatch = func(context.Context, client.Object) error {
				c.OnPatch = nil
				c.membership.Publish(test.states)
				return nil
			}
			g.Expect(c.settle(t.Context(), object)).To(Succeed())
			g.Expect(c.Object(t, name).Labels).To(Equal(test.after))
			g.Expect(c.Patches()[0]).To(ContainSubstring(`"resourceVersion":"41"`))
			if len(c.Patches()) > 1 {
				g.Expect(c.Patches()[1:]).To(HaveExactElements(Or(
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
		if joined := string(suffix); testring.BelongsTo(object, "a", "b", joined) == joined {
			return joined
		}
	}
}

func TestSettleTellsOfDrains(t *testing.T) {
	name := testring.NameFor("a", 0, "a", "b")
	for title, test := range map[string]struct {
		labels map[string]string
		told   heard
	}{
		"that it asked for":     {labels: testring.AssignedTo("b"), told: heard{drains: []string{name}}},
		"that it comes across":  {labels: testring.DrainingAt("b"), told: heard{left: []string{name}}},
		"of none that it moves": {labels: testring.DrainingAt("gone")},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newCluster(t, testring.Ready("a", "b"), testring.Deployment(name, test.labels))
			g.Expect(c.settle(t.Context(), c.Object(t, name))).To(Succeed())
			g.Expect(*c.heard).To(Equal(test.told))
		})
	}
}

func TestSettleReportsWhatItMayNotWrite(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, testring.Ready("a"), testring.Deployment("x", nil))
	var reported []scope.Problem
	c.settler.Problems = problems.NewTracker(func(all []scope.Problem) { reported = all }, logr.Discard())
	forbidden := apierrors.NewForbidden(testring.DeploymentsGroup, "x", errors.New("no role"))
	c.OnPatch = func(context.Context, client.Object) error { return forbidden }
	g.Expect(c.settle(t.Context(), c.Object(t, "x"))).To(MatchError(forbidden))
	g.Expect(reported).To(HaveExactElements(HaveField("Kind", testring.Deployments)))
	c.OnPatch = nil
	g.Expect(c.settle(t.Context(), c.Object(t, "x"))).To(Succeed())
	g.Expect(reported).To(BeEmpty())
}
