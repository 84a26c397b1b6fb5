// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

var (
	sweepOfA = pass{kind: deployments, shard: "a"}
	check    = pass{kind: deployments}
)

// rebalancer returns the cluster's rebalancer.
func (c *cluster) rebalancer(t *testing.T, kinds ...schema.GroupVersionKind) *rebalancer {
	t.Helper()
	scope := Scope{Ring: "my-ring"}
	settle := map[schema.GroupVersionKind]settle{}
	for _, kind := range append(kinds, deployments) {
		scope.Resources = append(scope.Resources, Resource{Kind: kind})
		settle[kind] = c.settler.settle
	}
	term := &term{
		environment: &Environment{clock: c.clock, client: c.client}, shards: &Shards{members: c.members}, scope: scope,
		options: c.fencer.options, metrics: c.settler.metrics, problems: c.settler.problems,
	}
	r := term.newRebalancer(settle)
	t.Cleanup(r.queue.ShutDown)
	return r
}

// newLeftCluster returns a cluster that the shard "a" has just left, with so many objects.
func newLeftCluster(t *testing.T, count int) (*cluster, *rebalancer) {
	t.Helper()
	var objects []*appsv1.Deployment
	for n := range count {
		objects = append(objects, deployment(fmt.Sprintf("object-%d", n), assignedTo("a")))
	}
	c := newCluster(t, map[string]lease.State{"a": lease.Dead, "b": lease.Ready}, objects...)
	r := c.rebalancer(t)
	r.membershipChanged(change{left: []string{"a"}})
	return c, r
}

func (c *cluster) countOf(t *testing.T, shard string) int {
	t.Helper()
	list := newList(deployments)
	NewWithT(t).Expect(c.client.List(t.Context(), list, client.MatchingLabels{labelShard: shard})).To(Succeed())
	c.lists = nil
	return len(list.Items)
}

func queued(r *rebalancer) []pass {
	var passes []pass
	for r.queue.Len() > 0 {
		p, _ := r.queue.Get()
		r.queue.Done(p)
		passes = append(passes, p)
	}
	return passes
}

func TestMembershipChanged(t *testing.T) {
	statefulSets := appsv1.SchemeGroupVersion.WithKind("StatefulSet")
	for title, test := range map[string]struct {
		change change
		passes []pass
	}{
		"a shard joined": {change{joined: []string{"a"}}, []pass{{kind: statefulSets}, {kind: deployments}}},
		"several joined": {change{joined: []string{"a", "b"}}, []pass{{kind: statefulSets}, {kind: deployments}}},
		"a shard left":   {change{left: []string{"a"}}, []pass{{statefulSets, "a"}, {deployments, "a"}}},
		"several left":   {change{left: []string{"a", "b"}}, []pass{{statefulSets, "a"}, {statefulSets, "b"}, {deployments, "a"}, {deployments, "b"}}},
		"one left as another joined: what nobody works on comes first": {
			change{joined: []string{"b"}, left: []string{"a"}}, []pass{{statefulSets, "a"}, {kind: statefulSets}, {deployments, "a"}, {kind: deployments}},
		},
	} {
		t.Run(title, func(t *testing.T) {
			r := newCluster(t, nil).rebalancer(t, statefulSets)
			r.membershipChanged(test.change)
			NewWithT(t).Expect(queued(r)).To(Equal(test.passes))
		})
	}
}

func TestSweepRepeatsUntilNothingCanComeAnyMore(t *testing.T) {
	g := NewWithT(t)
	c, r := newLeftCluster(t, 10)

	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{RequeueAfter: 3 * time.Second}))
	g.Expect(c.countOf(t, "b")).To(Equal(10))
	g.Expect(c.patches).To(HaveLen(10))

	c.clock.Step(500 * time.Millisecond)
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{RequeueAfter: 2500 * time.Millisecond}))
	c.clock.Step(2400 * time.Millisecond)
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{RequeueAfter: time.Second}))

	c.clock.Step(100 * time.Millisecond) // an assignment arrives that was made before
	g.Expect(c.client.Create(t.Context(), unsaved(deployment("late", assignedTo("a"))))).To(Succeed())
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{RequeueAfter: time.Second}))
	g.Expect(c.countOf(t, "b")).To(Equal(11))

	g.Expect(r.left).To(HaveKey(sweepOfA))
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{}))
	g.Expect(r.left).To(BeEmpty(), "nothing is remembered of a sweep that is over")
	g.Expect(c.patches).To(HaveLen(11))
}

func TestSweepLooksAtTheShardsObjectsOnly(t *testing.T) {
	g := NewWithT(t)
	c, r := newLeftCluster(t, 0)
	for name, labels := range map[string]map[string]string{
		"unassigned": nil, "at-b": assignedTo("b"), "at-unknown": assignedTo("unknown"), "draining": drainingAt("a"),
	} {
		g.Expect(c.client.Create(t.Context(), unsaved(deployment(name, labels)))).To(Succeed())
	}
	_, err := r.Reconcile(t.Context(), sweepOfA)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.patches).To(HaveExactElements(ContainSubstring("uid-of-draining")))
	g.Expect(c.object(t, "draining").Labels).To(Equal(assignedTo("b")))
}

func TestSweepEnds(t *testing.T) {
	for title, states := range map[string]map[string]lease.State{
		"when the shard is back":       ready("a", "b"),
		"when the shard is fenced":     {"a": lease.Fenced, "b": lease.Ready},
		"when no shard is left at all": {"a": lease.Dead, "b": lease.Dead},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c, r := newLeftCluster(t, 3)
			c.members.publish(shards(states))
			g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{}))
			g.Expect(c.lists).To(BeEmpty())
			g.Expect(r.left).To(BeEmpty())
		})
	}
}

func TestSweepOfAShardWhoseLeaseWasDeleted(t *testing.T) {
	g := NewWithT(t)
	c, r := newLeftCluster(t, 3)
	c.members.publish(shards(ready("b")))
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).NotTo(BeZero())
	g.Expect(c.countOf(t, "b")).To(Equal(3))
}

func TestSweepDoesNotForgetThatTheShardLeftOnceMore(t *testing.T) {
	g := NewWithT(t)
	c, r := newLeftCluster(t, 0)
	c.clock.Step(lateWrites)
	c.onList = func(context.Context, client.ListOptions) error {
		c.onList = nil
		r.membershipChanged(change{left: []string{"a"}})
		return nil
	}
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{}))
	g.Expect(queued(r)).To(HaveExactElements(sweepOfA))
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{RequeueAfter: lateWrites}), "writes may be late again")
}

func TestWalkGoesOnAfterAnErrorAndReturnsIt(t *testing.T) {
	unavailable := errors.New("service unavailable")
	for title, p := range map[string]pass{"sweep": sweepOfA, "check": check} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c, r := newLeftCluster(t, 10)
			c.onPatch = func(_ context.Context, object client.Object) error {
				if object.GetName() == "object-3" {
					return unavailable
				}
				return nil
			}
			c.clock.Step(lateWrites)
			result, err := r.Reconcile(t.Context(), p)
			g.Expect(err).To(MatchError(unavailable))
			g.Expect(result).To(Equal(reconcile.Result{}))
			g.Expect(r.left).To(HaveKey(sweepOfA))
			g.Expect(c.countOf(t, "a")).To(Equal(1))
			g.Expect(c.countOf(t, "b")).To(Equal(9))
		})
	}
}

func TestWalkReturnsErrorsOfListing(t *testing.T) {
	g := NewWithT(t)
	c, r := newLeftCluster(t, 10)
	expired := errors.New("the continue token expired")
	c.onList = func(context.Context, client.ListOptions) error { return expired }
	_, err := r.Reconcile(t.Context(), sweepOfA)
	g.Expect(err).To(And(MatchError(expired), MatchError(ContainSubstring("listing assigned objects of kind Deployment"))))
}

func TestCheckSettlesAllAssignedObjects(t *testing.T) {
	g := NewWithT(t)
	atHome, astray := nameFor("a", 0, "a", "b"), nameFor("b", 0, "a", "b")
	c := newCluster(t, ready("a", "b"),
		deployment(atHome, assignedTo("a")), deployment(astray, assignedTo("a")),
		deployment("left-behind", assignedTo("gone")), deployment("unassigned", nil),
	)
	result, err := c.rebalancer(t).Reconcile(t.Context(), check)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(And(BeNumerically(">=", time.Hour), BeNumerically("<=", 66*time.Minute)))

	g.Expect(c.object(t, atHome).Labels).To(Equal(assignedTo("a")))
	g.Expect(c.object(t, astray).Labels).To(Equal(drainingAt("a")))
	g.Expect(c.object(t, "left-behind").Labels).To(Equal(assignedTo(belongsTo("left-behind", "a", "b"))))
	g.Expect(c.object(t, "unassigned").Labels).To(BeEmpty(), "that is the assigner's")
	g.Expect(c.patches).To(HaveLen(2))
}

func TestWalkTakesPages(t *testing.T) {
	g := NewWithT(t)
	c, r := newPagedCluster(t)

	_, err := r.Reconcile(t.Context(), check)
	g.Expect(err).NotTo(HaveOccurred())
	for i, options := range c.lists {
		g.Expect(options.Limit).To(BeEquivalentTo([]int{100, 500, 500}[i]), "the first is written while the others are listed")
		g.Expect(options.Raw).To(BeNil(), "a resource version of 0 would make the API server ignore the limit")
	}
	g.Expect(c.pages()).To(Equal([]string{"", "100", "600"}))
	g.Expect(c.patches).To(BeEmpty())
}

func TestCheckMakesWayForASweepOnce(t *testing.T) {
	g := NewWithT(t)
	c, r := newPagedCluster(t)
	c.onList = func(context.Context, client.ListOptions) error {
		c.onList = nil
		c.members.publish(shards(map[string]lease.State{"a": lease.Ready, "b": lease.Dead}))
		r.membershipChanged(change{left: []string{"b"}})
		return nil
	}
	r.queue.Add(check)
	p, _ := r.queue.Get()
	_, err := r.Reconcile(t.Context(), p)
	r.queue.Done(p)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.pages()).To(Equal([]string{""}), "it stops after the page that it was at")

	sweepOfB := pass{kind: deployments, shard: "b"}
	g.Expect(queued(r)).To(Equal([]pass{sweepOfB, check}), "and begins again behind the sweep")
	g.Expect(r.Reconcile(t.Context(), sweepOfB)).NotTo(BeZero())
	c.lists = nil
	_, err = r.Reconcile(t.Context(), check)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.pages()).To(HaveLen(3), "the sweep that goes on for late writes is no reason to wait")
	g.Expect(queued(r)).To(BeEmpty())
}

func TestCheckDoesNotMakeWayForASweepThatFails(t *testing.T) {
	g := NewWithT(t)
	c, r := newPagedCluster(t)
	c.members.publish(shards(map[string]lease.State{"a": lease.Ready, "b": lease.Dead}))
	r.membershipChanged(change{left: []string{"b"}})
	g.Expect(queued(r)).To(HaveLen(1))

	c.onList = func(context.Context, client.ListOptions) error { return errors.New("service unavailable") }
	_, err := r.Reconcile(t.Context(), pass{kind: deployments, shard: "b"})
	g.Expect(err).To(HaveOccurred())
	c.onList, c.lists = nil, nil
	_, err = r.Reconcile(t.Context(), check)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.pages()).To(HaveLen(3))
}

// newPagedCluster returns a cluster of three pages of objects that are all where they belong.
func newPagedCluster(t *testing.T) (*cluster, *rebalancer) {
	t.Helper()
	var objects []*appsv1.Deployment
	for n := range firstPageSize + pageSize + 1 {
		objects = append(objects, deployment(fmt.Sprintf("object-%d", n), assignedTo("a")))
	}
	c := newCluster(t, ready("a"), objects...)
	return c, c.rebalancer(t)
}

// pages returns the tokens by which pages were asked for.
func (c *cluster) pages() []string {
	var tokens []string
	for _, options := range c.lists {
		tokens = append(tokens, options.Continue)
	}
	return tokens
}

func TestWalkIsBounded(t *testing.T) {
	g := NewWithT(t)
	c, r := newLeftCluster(t, 40)
	var writing atomic.Int32
	proceed := make(chan struct{})
	c.onPatch = func(context.Context, client.Object) error {
		writing.Add(1)
		defer writing.Add(-1)
		<-proceed
		return nil
	}
	done := make(chan error)
	go func() {
		_, err := r.Reconcile(t.Context(), sweepOfA)
		done <- err
	}()
	g.Eventually(writing.Load, time.Minute).Should(BeEquivalentTo(4), "as many at a time as Options.Concurrency says")
	g.Consistently(writing.Load).Should(BeEquivalentTo(4))
	close(proceed)
	g.Eventually(done, time.Minute).Should(Receive(BeNil()))
	g.Expect(c.countOf(t, "b")).To(Equal(40))
}
