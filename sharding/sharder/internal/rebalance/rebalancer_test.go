// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package rebalance

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

var (
	sweepOfA = pass{kind: testring.Deployments, shard: "a"}
	check    = pass{kind: testring.Deployments}
)

// newLeftCluster returns a cluster that the shard "a" has just left, with so many objects.
func newLeftCluster(t *testing.T, count int) (*cluster, *Rebalancer) {
	t.Helper()
	var objects []*appsv1.Deployment
	for n := range count {
		objects = append(objects, testring.Deployment(fmt.Sprintf("object-%d", n), testring.AssignedTo("a")))
	}
	c := newCluster(t, map[string]lease.State{"a": lease.Dead, "b": lease.Ready}, objects...)
	r := c.rebalancer(t)
	r.MembershipChanged(nil, []string{"a"})
	return c, r
}

func (c *cluster) countOf(t *testing.T, shard string) int {
	t.Helper()
	list := scope.ListOf(testring.Deployments)
	NewWithT(t).Expect(c.Client.List(t.Context(), list, client.MatchingLabels{testring.LabelShard: shard})).To(Succeed())
	c.Forget()
	return len(list.Items)
}

func queued(r *Rebalancer) []pass {
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
		joined, left []string
		passes       []pass
	}{
		"a shard joined": {joined: []string{"a"}, passes: []pass{{kind: statefulSets}, {kind: testring.Deployments}}},
		"several joined": {joined: []string{"a", "b"}, passes: []pass{{kind: statefulSets}, {kind: testring.Deployments}}},
		"a shard left":   {left: []string{"a"}, passes: []pass{{kind: statefulSets, shard: "a"}, {kind: testring.Deployments, shard: "a"}}},
		"several left": {left: []string{"a", "b"}, passes: []pass{
			{kind: statefulSets, shard: "a"}, {kind: statefulSets, shard: "b"}, {kind: testring.Deployments, shard: "a"}, {kind: testring.Deployments, shard: "b"},
		}},
		"one left as another joined: what nobody works on comes first": {joined: []string{"b"}, left: []string{"a"}, passes: []pass{
			{kind: statefulSets, shard: "a"}, {kind: statefulSets}, {kind: testring.Deployments, shard: "a"}, {kind: testring.Deployments},
		}},
	} {
		t.Run(title, func(t *testing.T) {
			r := newCluster(t, nil).rebalancer(t, statefulSets)
			r.MembershipChanged(test.joined, test.left)
			NewWithT(t).Expect(queued(r)).To(Equal(test.passes))
		})
	}
}

func TestSweepRepeatsUntilNothingCanComeAnyMore(t *testing.T) {
	g := NewWithT(t)
	c, r := newLeftCluster(t, 10)

	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{RequeueAfter: 3 * time.Second}))
	g.Expect(c.countOf(t, "b")).To(Equal(10))
	g.Expect(c.Patches()).To(HaveLen(10))

	c.clock.Step(500 * time.Millisecond)
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{RequeueAfter: 2500 * time.Millisecond}))
	c.clock.Step(2400 * time.Millisecond)
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{RequeueAfter: time.Second}))

	c.clock.Step(100 * time.Millisecond) // an assignment arrives that was made before
	g.Expect(c.Client.Create(t.Context(), testring.Unsaved(testring.Deployment("late", testring.AssignedTo("a"))))).To(Succeed())
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{RequeueAfter: time.Second}))
	g.Expect(c.countOf(t, "b")).To(Equal(11))

	g.Expect(r.left).To(HaveKey(sweepOfA))
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{}))
	g.Expect(r.left).To(BeEmpty(), "nothing is remembered of a sweep that is over")
	g.Expect(c.Patches()).To(HaveLen(11))
}

func TestSweepLooksAtTheShardsObjectsOnly(t *testing.T) {
	g := NewWithT(t)
	c, r := newLeftCluster(t, 0)
	for name, labels := range map[string]map[string]string{
		"unassigned": nil, "at-b": testring.AssignedTo("b"), "at-unknown": testring.AssignedTo("unknown"), "draining": testring.DrainingAt("a"),
	} {
		g.Expect(c.Client.Create(t.Context(), testring.Unsaved(testring.Deployment(name, labels)))).To(Succeed())
	}
	_, err := r.Reconcile(t.Context(), sweepOfA)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.Patches()).To(HaveExactElements(ContainSubstring("uid-of-draining")))
	g.Expect(c.Object(t, "draining").Labels).To(Equal(testring.AssignedTo("b")))
}

func TestSweepEnds(t *testing.T) {
	for title, states := range map[string]map[string]lease.State{
		"when the shard is back":       testring.Ready("a", "b"),
		"when the shard is fenced":     {"a": lease.Fenced, "b": lease.Ready},
		"when no shard is left at all": {"a": lease.Dead, "b": lease.Dead},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c, r := newLeftCluster(t, 3)
			c.membership.Publish(states)
			g.Expect(r.Reconcile(t.Context(), sweepOfA)).To(Equal(reconcile.Result{}))
			g.Expect(c.Lists()).To(BeEmpty())
			g.Expect(r.left).To(BeEmpty())
		})
	}
}

func TestSweepOfAShardWhoseLeaseWasDeleted(t *testing.T) {
	g := NewWithT(t)
	c, r := newLeftCluster(t, 3)
	c.membership.Publish(testring.Ready("b"))
	g.Expect(r.Reconcile(t.Context(), sweepOfA)).NotTo(BeZero())
	g.Expect(c.countOf(t, "b")).To(Equal(3))
}

func TestSweepDoesNotForgetThatTheShardLeftOnceMore(t *testing.T) {
	g := NewWithT(t)
	c, r := newLeftCluster(t, 0)
	c.clock.Step(lateWrites)
	c.OnList = func(context.Context, client.ListOptions) error {
		c.OnList = nil
		r.MembershipChanged(nil, []string{"a"})
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
			c.OnPatch = func(_ context.Context, object client.Object) error {
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
	c.OnList = func(context.Context, client.ListOptions) error { return expired }
	_, err := r.Reconcile(t.Context(), sweepOfA)
	g.Expect(err).To(And(MatchError(expired), MatchError(ContainSubstring("listing assigned objects of kind Deployment"))))
}

func TestCheckSettlesAllAssignedObjects(t *testing.T) {
	g := NewWithT(t)
	atHome, astray := testring.NameFor("a", 0, "a", "b"), testring.NameFor("b", 0, "a", "b")
	c := newCluster(t, testring.Ready("a", "b"),
		testring.Deployment(atHome, testring.AssignedTo("a")), testring.Deployment(astray, testring.AssignedTo("a")),
		testring.Deployment("left-behind", testring.AssignedTo("gone")), testring.Deployment("unassigned", nil),
	)
	result, err := c.rebalancer(t).Reconcile(t.Context(), check)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(And(BeNumerically(">=", time.Hour), BeNumerically("<=", 66*time.Minute)))

	g.Expect(c.Object(t, atHome).Labels).To(Equal(testring.AssignedTo("a")))
	g.Expect(c.Object(t, astray).Labels).To(Equal(testring.DrainingAt("a")))
	g.Expect(c.Object(t, "left-behind").Labels).To(Equal(testring.AssignedTo(testring.BelongsTo("left-behind", "a", "b"))))
	g.Expect(c.Object(t, "unassigned").Labels).To(BeEmpty(), "that is the assigner's")
	g.Expect(c.Patches()).To(HaveLen(2))
}

func TestStraysAreMoved(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, map[string]lease.State{"a": lease.Ready, "b": lease.Dead, "c": lease.Fenced},
		testring.Deployment("mine", testring.AssignedTo("a")), testring.Deployment("late", testring.AssignedTo("b")),
		testring.Deployment("fenced", testring.AssignedTo("c")),
		testring.Deployment("new", nil), testring.Deployment("stray", testring.AssignedTo("unheard-of")),
		testring.Deployment("draining-stray", testring.DrainingAt("unheard-of")))
	r := c.rebalancer(t)
	strays := pass{kind: testring.Deployments, strays: true}

	result, err := r.Reconcile(t.Context(), strays)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).To(BeNumerically("~", time.Minute, 6*time.Second))
	g.Expect(c.Lists()).To(HaveExactElements(HaveField("LabelSelector.String()",
		testring.LabelShard+","+testring.LabelShard+" notin (a,c)")), "nothing but strays is sent")
	g.Expect(c.Patches()).To(HaveLen(3))
	for _, name := range []string{"late", "stray", "draining-stray", "mine"} {
		g.Expect(c.Object(t, name).Labels).To(Equal(testring.AssignedTo("a")), name)
	}
	g.Expect(c.Object(t, "fenced").Labels).To(Equal(testring.AssignedTo("c")), "its shard may still write")
	g.Expect(c.Object(t, "new").Labels).To(BeEmpty())
}

func TestStraysWaitWhileThereIsNoShard(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, nil, testring.Deployment("stray", testring.AssignedTo("unheard-of")))
	result, err := c.rebalancer(t).Reconcile(t.Context(), pass{kind: testring.Deployments, strays: true})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(result.RequeueAfter).NotTo(BeZero())
	g.Expect(c.Lists()).To(BeEmpty())
}

func TestWalkTakesPages(t *testing.T) {
	g := NewWithT(t)
	c, r := newPagedCluster(t)

	_, err := r.Reconcile(t.Context(), check)
	g.Expect(err).NotTo(HaveOccurred())
	for i, options := range c.Lists() {
		g.Expect(options.Limit).To(BeEquivalentTo([]int{100, 500, 500}[i]), "the first is written while the others are listed")
		g.Expect(options.Raw).To(BeNil(), "a resource version of 0 would make the API server ignore the limit")
	}
	g.Expect(c.pages()).To(Equal([]string{"", "100", "600"}))
	g.Expect(c.Patches()).To(BeEmpty())
}

func TestCheckMakesWayForASweepOnce(t *testing.T) {
	g := NewWithT(t)
	c, r := newPagedCluster(t)
	c.OnList = func(context.Context, client.ListOptions) error {
		c.OnList = nil
		c.membership.Publish(map[string]lease.State{"a": lease.Ready, "b": lease.Dead})
		r.MembershipChanged(nil, []string{"b"})
		return nil
	}
	r.queue.Add(check)
	p, _ := r.queue.Get()
	_, err := r.Reconcile(t.Context(), p)
	r.queue.Done(p)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.pages()).To(Equal([]string{""}), "it stops after the page that it was at")

	sweepOfB := pass{kind: testring.Deployments, shard: "b"}
	g.Expect(queued(r)).To(Equal([]pass{sweepOfB, check}), "and begins again behind the sweep")
	g.Expect(r.Reconcile(t.Context(), sweepOfB)).NotTo(BeZero())
	c.Forget()
	_, err = r.Reconcile(t.Context(), check)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.pages()).To(HaveLen(3), "the sweep that goes on for late writes is no reason to wait")
	g.Expect(queued(r)).To(BeEmpty())
}

func TestCheckDoesNotMakeWayForASweepThatFails(t *testing.T) {
	g := NewWithT(t)
	c, r := newPagedCluster(t)
	c.membership.Publish(map[string]lease.State{"a": lease.Ready, "b": lease.Dead})
	r.MembershipChanged(nil, []string{"b"})
	g.Expect(queued(r)).To(HaveLen(1))

	c.OnList = func(context.Context, client.ListOptions) error { return errors.New("service unavailable") }
	_, err := r.Reconcile(t.Context(), pass{kind: testring.Deployments, shard: "b"})
	g.Expect(err).To(HaveOccurred())
	c.OnList = nil
	c.Forget()
	_, err = r.Reconcile(t.Context(), check)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(c.pages()).To(HaveLen(3))
}

// newPagedCluster returns a cluster of three pages of objects that are all where they belong.
func newPagedCluster(t *testing.T) (*cluster, *Rebalancer) {
	t.Helper()
	var objects []*appsv1.Deployment
	for n := range firstPageSize + pageSize + 1 {
		objects = append(objects, testring.Deployment(fmt.Sprintf("object-%d", n), testring.AssignedTo("a")))
	}
	c := newCluster(t, testring.Ready("a"), objects...)
	return c, c.rebalancer(t)
}

// pages returns the tokens by which pages were asked for.
func (c *cluster) pages() []string {
	var tokens []string
	for _, options := range c.Lists() {
		tokens = append(tokens, options.Continue)
	}
	return tokens
}

func TestWalkIsBounded(t *testing.T) {
	g := NewWithT(t)
	c, r := newLeftCluster(t, 40)
	var writing atomic.Int32
	proceed := make(chan struct{})
	c.OnPatch = func(context.Context, client.Object) error {
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
	g.Eventually(writing.Load, time.Minute).Should(BeEquivalentTo(4), "as many at a time as Config.Concurrency says")
	g.Consistently(writing.Load).Should(BeEquivalentTo(4))
	close(proceed)
	g.Eventually(done, time.Minute).Should(Receive(BeNil()))
	g.Expect(c.countOf(t, "b")).To(Equal(40))
}
