// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shardlease

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
)

// newDrainingCluster returns a cluster in which the live shard "a" is to let the object "x" go since the beginning.
func newDrainingCluster(t *testing.T) *cluster {
	t.Helper()
	c := newCluster(t, testring.Ready("a", "b"), testring.Deployment("x", testring.DrainingAt("a")))
	NewWithT(t).Expect(c.leases.Tracker().Add(testring.HeldLease("a"))).To(Succeed())
	c.fencer.NoteDraining(c.Object(t, "x"))
	c.Forget()
	return c
}

func (c *cluster) holder(t *testing.T, shard string) string {
	t.Helper()
	return *c.leases.get(t, shard).Spec.HolderIdentity
}

func TestNoteDraining(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, testring.Ready("a", "b"))
	for _, labels := range []map[string]string{nil, testring.AssignedTo("a"), {testring.LabelDrain: "true"}} {
		object := testring.Metadata("x", labels)
		c.fencer.NoteDraining(object)
	}
	g.Expect(c.samples()).To(BeEmpty())
	g.Expect(c.delayed.all()).To(BeEmpty())

	x := testring.Metadata("x", testring.DrainingAt("a"))
	c.fencer.NoteDraining(x)
	x.Name = "changed"
	c.fencer.NoteDraining(testring.Metadata("y", testring.DrainingAt("a")))
	c.fencer.NoteDraining(testring.Metadata("z", testring.DrainingAt("b")))
	g.Expect(c.samples()).To(Equal(map[string]string{"a": "x", "b": "z"}), "one object a shard")
	g.Expect(c.delayed.all()).To(Equal([]delayed{{"a", time.Minute}, {"b", time.Minute}}))
}

func TestFencerWaitsForTheTimeout(t *testing.T) {
	g := NewWithT(t)
	c := newDrainingCluster(t)

	g.Expect(c.fencer.Reconcile(t.Context(), "unknown")).To(Equal(reconcile.Result{}))
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{RequeueAfter: time.Minute}))
	c.clock.Step(time.Minute - 1)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{RequeueAfter: 1}))
	g.Expect(c.Gets()).To(BeZero(), "nothing is asked before")
	g.Expect(c.holder(t, "a")).To(Equal("a"))
}

func TestFencerFencesOnce(t *testing.T) {
	g := NewWithT(t)
	c := newDrainingCluster(t)

	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.holder(t, "a")).To(Equal("shardlease-controller"))
	g.Expect(c.leases.get(t, "a").Annotations).To(HaveKeyWithValue(fencedUntil, c.clock.Now().Add(15*time.Second).Format(time.RFC3339Nano)))
	g.Expect(c.Patches()).To(BeEmpty(), "the objects have to wait until the shard has surely stopped")

	c.membership.Publish(map[string]lease.State{"a": lease.Fenced, "b": lease.Ready})
	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.samples()).To(BeEmpty())
	g.Expect(c.leases.writes()).To(HaveLen(1))
	g.Expect(c.fenced(t)).To(Equal(1.0))
}

func TestFencerFencesOnceThoughTheMembershipIsOld(t *testing.T) {
	g := NewWithT(t)
	c := newDrainingCluster(t)
	for range 2 {
		c.clock.Step(time.Minute)
		g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	}
	g.Expect(c.leases.writes()).To(HaveLen(1))
	g.Expect(c.fenced(t)).To(Equal(1.0))
}

func TestFencerPicksAnotherWhenTheSampleIsAcknowledged(t *testing.T) {
	g := NewWithT(t)
	c := newDrainingCluster(t)
	for name, labels := range map[string]map[string]string{
		"hangs": testring.DrainingAt("a"), "a-of-another": testring.DrainingAt("b"), "a-stays": testring.AssignedTo("a"), // which are listed first
	} {
		g.Expect(c.Client.Create(t.Context(), testring.Unsaved(testring.Deployment(name, labels)))).To(Succeed())
	}
	c.Relabel(t, "x", testring.AssignedTo("b"))

	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.samples()).To(Equal(map[string]string{"a": "hangs"}))
	g.Expect(c.delayed.all()).To(HaveLen(2))
	g.Expect(c.Lists()).To(HaveExactElements(HaveField("Limit", BeEquivalentTo(1))))

	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{RequeueAfter: time.Minute}), "it gets the whole timeout")
	g.Expect(c.holder(t, "a")).To(Equal("a"))
	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.holder(t, "a")).To(Equal("shardlease-controller"))
}

func TestFencerSparesAShard(t *testing.T) {
	for title, prepare := range map[string]func(*testing.T, *cluster){
		"that acknowledged": func(t *testing.T, c *cluster) { c.Relabel(t, "x", nil) },
		"whose object is another's by now, and draining again": func(t *testing.T, c *cluster) {
			c.Relabel(t, "x", testring.DrainingAt("b"))
		},
		"that is to keep the object after all": func(t *testing.T, c *cluster) { c.Relabel(t, "x", testring.AssignedTo("a")) },
		"whose object is deleted": func(t *testing.T, c *cluster) {
			NewWithT(t).Expect(c.Client.Delete(t.Context(), testring.Deployment("x", nil))).To(Succeed())
		},
		"whose object is another one of that name": func(t *testing.T, c *cluster) {
			NewWithT(t).Expect(c.Client.Delete(t.Context(), testring.Deployment("x", nil))).To(Succeed())
			again := testring.Unsaved(testring.Deployment("x", testring.DrainingAt("a")))
			again.UID = "another"
			NewWithT(t).Expect(c.Client.Create(t.Context(), again)).To(Succeed())
		},
		"that is gone": func(t *testing.T, c *cluster) {
			c.membership.Publish(map[string]lease.State{"a": lease.Dead, "b": lease.Ready})
		},
		"that has no lease": func(t *testing.T, c *cluster) { c.membership.Publish(testring.Ready("b")) },
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newDrainingCluster(t)
			prepare(t, c)
			c.clock.Step(time.Minute)
			g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
			g.Expect(c.leases.writes()).To(BeEmpty())
			g.Expect(c.fenced(t)).To(BeZero())
		})
	}
}

func TestFencerForgetsAShardThatIsGone(t *testing.T) {
	g := NewWithT(t)
	c := newDrainingCluster(t)
	c.membership.Publish(map[string]lease.State{"a": lease.Dead, "b": lease.Ready})
	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.samples()).To(BeEmpty())
	g.Expect(c.Lists()).To(BeEmpty())
}

func TestFencerDoesNotCountWhatItDidNotTake(t *testing.T) {
	g := NewWithT(t)
	c := newDrainingCluster(t)
	released := testring.HeldLease("a")
	*released.Spec.HolderIdentity = ""
	g.Expect(c.leases.Tracker().Update(leaseResource, released, testring.Namespace)).To(Succeed())
	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.leases.writes()).To(BeEmpty())
	g.Expect(c.fenced(t)).To(BeZero())
}

func TestFencerStartsAgainForAnObjectThatIsDrainedAgain(t *testing.T) {
	g := NewWithT(t)
	c := newDrainingCluster(t)
	x := testring.Metadata("x", testring.DrainingAt("a"))

	c.clock.Step(50 * time.Second)
	c.fencer.NoteDrain(x) // it was let go, and came back
	c.clock.Step(10 * time.Second)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{RequeueAfter: 50 * time.Second}))
	c.fencer.NoteDraining(x)
	c.clock.Step(50 * time.Second)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.holder(t, "a")).To(Equal("shardlease-controller"), "to come across it does not start the clock again")
}

func TestFencerKeepsTheSampleWhenAnotherObjectIsDrained(t *testing.T) {
	g := NewWithT(t)
	c := newDrainingCluster(t)
	c.clock.Step(50 * time.Second)
	c.fencer.NoteDrain(testring.Metadata("y", testring.DrainingAt("a")))
	g.Expect(c.samples()).To(Equal(map[string]string{"a": "x"}))
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{RequeueAfter: 10 * time.Second}))
}

func TestFencerReturnsErrorsAndTriesAgain(t *testing.T) {
	unavailable := errors.New("service unavailable")
	for title, fail := range map[string]func(c *cluster, err error){
		"of reading the object": func(c *cluster, err error) { c.OnGet = func(context.Context) error { return err } },
		"of fencing": func(c *cluster, err error) {
			c.leases.PrependReactor("update", "leases", func(clienttesting.Action) (bool, runtime.Object, error) {
				return true, nil, err
			})
		},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newDrainingCluster(t)
			c.clock.Step(time.Minute)
			fail(c, unavailable)
			_, err := c.fencer.Reconcile(t.Context(), "a")
			g.Expect(err).To(MatchError(unavailable))
			g.Expect(c.samples()).To(Equal(map[string]string{"a": "x"}))
			g.Expect(c.holder(t, "a")).To(Equal("a"))
		})
	}

	t.Run("of looking for another object", func(t *testing.T) {
		g := NewWithT(t)
		c := newDrainingCluster(t)
		c.Relabel(t, "x", nil)
		c.clock.Step(time.Minute)
		c.OnList = func(context.Context, client.ListOptions) error { return unavailable }
		_, err := c.fencer.Reconcile(t.Context(), "a")
		g.Expect(err).To(MatchError(unavailable))
	})
}
