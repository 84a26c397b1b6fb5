// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/runtime"
	clienttesting "k8s.io/client-go/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

// newDrainingCluster returns a cluster in which the live shard "a" is to let the object "x" go since the beginning.
func newDrainingCluster(t *testing.T) *cluster {
	t.Helper()
	c := newCluster(t, ready("a", "b"), deployment("x", drainingAt("a")))
	NewWithT(t).Expect(c.leases.Tracker().Add(heldLease("a"))).To(Succeed())
	c.fencer.noteDraining(c.object(t, "x"))
	c.gets = 0
	return c
}

func (c *cluster) holder(t *testing.T, shard string) string {
	t.Helper()
	return *c.leases.get(t, shard).Spec.HolderIdentity
}

func TestNoteDraining(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, ready("a", "b"))
	for _, labels := range []map[string]string{nil, assignedTo("a"), {labelDrain: "true"}} {
		object := deploymentMetadata("x", labels)
		c.fencer.noteDraining(object)
	}
	g.Expect(c.samples()).To(BeEmpty())
	g.Expect(c.delayed.all()).To(BeEmpty())

	x := deploymentMetadata("x", drainingAt("a"))
	c.fencer.noteDraining(x)
	x.Name = "changed"
	c.fencer.noteDraining(deploymentMetadata("y", drainingAt("a")))
	c.fencer.noteDraining(deploymentMetadata("z", drainingAt("b")))
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
	g.Expect(c.gets).To(BeZero(), "nothing is asked before")
	g.Expect(c.holder(t, "a")).To(Equal("a"))
}

func TestFencerFencesOnce(t *testing.T) {
	g := NewWithT(t)
	before := testutil.ToFloat64(fencedShards.WithLabelValues("my-ring"))
	c := newDrainingCluster(t)

	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.holder(t, "a")).To(Equal("shardlease-controller"))
	g.Expect(c.leases.get(t, "a").Annotations).To(HaveKeyWithValue(fencedUntil, c.clock.Now().Add(15*time.Second).Format(time.RFC3339Nano)))
	g.Expect(c.patches).To(BeEmpty(), "the objects have to wait until the shard has surely stopped")

	c.members.publish(shards(map[string]lease.State{"a": lease.Fenced, "b": lease.Ready}))
	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.samples()).To(BeEmpty())
	g.Expect(c.leases.writes()).To(HaveLen(1))
	g.Expect(testutil.ToFloat64(fencedShards.WithLabelValues("my-ring"))).To(Equal(before + 1))
}

func TestFencerFencesOnceThoughTheMembershipIsOld(t *testing.T) {
	g := NewWithT(t)
	before := testutil.ToFloat64(fencedShards.WithLabelValues("my-ring"))
	c := newDrainingCluster(t)
	for range 2 {
		c.clock.Step(time.Minute)
		g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	}
	g.Expect(c.leases.writes()).To(HaveLen(1))
	g.Expect(testutil.ToFloat64(fencedShards.WithLabelValues("my-ring"))).To(Equal(before + 1))
}

func TestFencerPicksAnotherWhenTheSampleIsAcknowledged(t *testing.T) {
	g := NewWithT(t)
	c := newDrainingCluster(t)
	for name, labels := range map[string]map[string]string{
		"hangs": drainingAt("a"), "a-of-another": drainingAt("b"), "a-stays": assignedTo("a"), // which are listed first
	} {
		g.Expect(c.client.Create(t.Context(), unsaved(deployment(name, labels)))).To(Succeed())
	}
	c.relabel(t, "x", assignedTo("b"))

	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.samples()).To(Equal(map[string]string{"a": "hangs"}))
	g.Expect(c.delayed.all()).To(HaveLen(2))
	g.Expect(c.lists).To(HaveExactElements(HaveField("Limit", BeEquivalentTo(1))))

	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{RequeueAfter: time.Minute}), "it gets the whole timeout")
	g.Expect(c.holder(t, "a")).To(Equal("a"))
	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.holder(t, "a")).To(Equal("shardlease-controller"))
}

func TestFencerSparesAShard(t *testing.T) {
	for title, prepare := range map[string]func(*testing.T, *cluster){
		"that acknowledged": func(t *testing.T, c *cluster) { c.relabel(t, "x", nil) },
		"whose object is another's by now, and draining again": func(t *testing.T, c *cluster) {
			c.relabel(t, "x", drainingAt("b"))
		},
		"that is to keep the object after all": func(t *testing.T, c *cluster) { c.relabel(t, "x", assignedTo("a")) },
		"whose object is deleted": func(t *testing.T, c *cluster) {
			NewWithT(t).Expect(c.client.Delete(t.Context(), deployment("x", nil))).To(Succeed())
		},
		"whose object is another one of that name": func(t *testing.T, c *cluster) {
			NewWithT(t).Expect(c.client.Delete(t.Context(), deployment("x", nil))).To(Succeed())
			again := unsaved(deployment("x", drainingAt("a")))
			again.UID = "another"
			NewWithT(t).Expect(c.client.Create(t.Context(), again)).To(Succeed())
		},
		"that is gone": func(t *testing.T, c *cluster) {
			c.members.publish(shards(map[string]lease.State{"a": lease.Dead, "b": lease.Ready}))
		},
		"that has no lease": func(t *testing.T, c *cluster) { c.members.publish(shards(ready("b"))) },
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			before := testutil.ToFloat64(fencedShards.WithLabelValues("my-ring"))
			c := newDrainingCluster(t)
			prepare(t, c)
			c.clock.Step(time.Minute)
			g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
			g.Expect(c.leases.writes()).To(BeEmpty())
			g.Expect(testutil.ToFloat64(fencedShards.WithLabelValues("my-ring"))).To(Equal(before))
		})
	}
}

func TestFencerForgetsAShardThatIsGone(t *testing.T) {
	g := NewWithT(t)
	c := newDrainingCluster(t)
	c.members.publish(shards(map[string]lease.State{"a": lease.Dead, "b": lease.Ready}))
	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.samples()).To(BeEmpty())
	g.Expect(c.lists).To(BeEmpty())
}

func TestFencerDoesNotCountWhatItDidNotTake(t *testing.T) {
	g := NewWithT(t)
	before := testutil.ToFloat64(fencedShards.WithLabelValues("my-ring"))
	c := newDrainingCluster(t)
	released := heldLease("a")
	*released.Spec.HolderIdentity = ""
	g.Expect(c.leases.Tracker().Update(leaseResource, released, testNamespace)).To(Succeed())
	c.clock.Step(time.Minute)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.leases.writes()).To(BeEmpty())
	g.Expect(testutil.ToFloat64(fencedShards.WithLabelValues("my-ring"))).To(Equal(before))
}

func TestFencerStartsAgainForAnObjectThatIsDrainedAgain(t *testing.T) {
	g := NewWithT(t)
	name := nameFor("b", 0, "a", "b")
	c := newCluster(t, ready("a", "b"), deployment(name, assignedTo("a")))
	g.Expect(c.leases.Tracker().Add(heldLease("a"))).To(Succeed())
	g.Expect(c.settle(t.Context(), c.object(t, name))).To(Succeed())
	g.Expect(c.object(t, name).Labels).To(Equal(drainingAt("a")))

	c.clock.Step(50 * time.Second)
	c.relabel(t, name, assignedTo("a")) // it was let go, and came back
	g.Expect(c.settle(t.Context(), c.object(t, name))).To(Succeed())
	g.Expect(c.object(t, name).Labels).To(Equal(drainingAt("a")))

	c.clock.Step(10 * time.Second)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{RequeueAfter: 50 * time.Second}))
	g.Expect(c.settle(t.Context(), c.object(t, name))).To(Succeed())
	c.clock.Step(50 * time.Second)
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{}))
	g.Expect(c.holder(t, "a")).To(Equal("shardlease-controller"), "to come across it does not start the clock again")
}

func TestFencerKeepsTheSampleWhenAnotherObjectIsDrained(t *testing.T) {
	g := NewWithT(t)
	c := newDrainingCluster(t)
	c.clock.Step(50 * time.Second)
	c.fencer.noteDrain(deploymentMetadata("y", drainingAt("a")))
	g.Expect(c.samples()).To(Equal(map[string]string{"a": "x"}))
	g.Expect(c.fencer.Reconcile(t.Context(), "a")).To(Equal(reconcile.Result{RequeueAfter: 10 * time.Second}))
}

func TestFencerReturnsErrorsAndTriesAgain(t *testing.T) {
	unavailable := errors.New("service unavailable")
	for title, fail := range map[string]func(c *cluster, err error){
		"of reading the object": func(c *cluster, err error) { c.onGet = func(context.Context) error { return err } },
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
		c.relabel(t, "x", nil)
		c.clock.Step(time.Minute)
		c.onList = func(context.Context, client.ListOptions) error { return unavailable }
		_, err := c.fencer.Reconcile(t.Context(), "a")
		g.Expect(err).To(MatchError(unavailable))
	})
}
