// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/lease"
)

var replicaSets = appsv1.SchemeGroupVersion.WithKind("ReplicaSet")

// follower returns a follower of the cluster's Deployments, which control ReplicaSets.
func (c *cluster) follower() *follower {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(deployments, meta.RESTScopeNamespace)
	c.settler.scope.Resources = []Resource{{Kind: deployments, Controlled: []schema.GroupVersionKind{replicaSets}}}
	return &follower{settler: c.settler, mapper: mapper}
}

// controlled creates a ReplicaSet that is controlled by the owner.
func (c *cluster) controlled(t *testing.T, owner metav1.OwnerReference, labels map[string]string) *metav1.PartialObjectMetadata {
	t.Helper()
	set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: "set", UID: "uid-of-set", Labels: labels, OwnerReferences: []metav1.OwnerReference{owner},
	}}
	NewWithT(t).Expect(c.client.Create(t.Context(), set)).To(Succeed())
	return c.replicaSet(t)
}

func (c *cluster) replicaSet(t *testing.T) *metav1.PartialObjectMetadata {
	t.Helper()
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(replicaSets)
	NewWithT(t).Expect(c.client.Get(t.Context(), named("set"), object)).To(Succeed())
	c.gets = 0
	return object
}

func controlledBy(name string) metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: "apps/v1", Kind: "Deployment", Name: name, UID: types.UID("uid-of-" + name), Controller: new(true),
	}
}

func TestFollow(t *testing.T) {
	name := nameFor("b", 0, "a", "b")
	other := controlledBy(name)
	other.UID = "another"
	stranger := controlledBy(name)
	stranger.Kind = "StatefulSet"
	notController := controlledBy(name)
	notController.Controller = nil

	for title, test := range map[string]struct {
		main, labels map[string]string
		owner        metav1.OwnerReference
		want         outcome
		after        map[string]string
		gets         int
	}{
		"assigns":                             {main: assignedTo("b"), want: written, after: assignedTo("b"), gets: 1},
		"assigns to where the main object is": {main: assignedTo("a"), want: written, after: assignedTo("a"), gets: 1},
		"moves at once":                       {main: assignedTo("b"), labels: assignedTo("a"), want: written, after: assignedTo("b"), gets: 1},
		"moves and clears a drain label":      {main: assignedTo("b"), labels: drainingAt("a"), want: written, after: assignedTo("b"), gets: 1},
		"asks nothing about what is at home":  {main: assignedTo("b"), labels: assignedTo("b"), want: settled, after: assignedTo("b")},
		"waits for one that drains":           {main: drainingAt("a"), want: waiting, gets: 1},
		"waits for one that is not assigned":  {want: waiting, gets: 1},
		"stays with its main object":          {main: assignedTo("a"), labels: assignedTo("a"), want: settled, after: assignedTo("a"), gets: 1},
		"leaves alone what is of another one": {main: assignedTo("b"), owner: other, want: settled, gets: 1},
		"leaves alone what is a stranger's":   {main: assignedTo("b"), owner: stranger, want: settled},
		"leaves alone what is only owned":     {main: assignedTo("b"), owner: notController, want: settled},
		"leaves alone what is an orphan":      {main: assignedTo("b"), owner: controlledBy("gone"), want: settled, gets: 1},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newCluster(t, ready("a", "b"), deployment(name, test.main))
			follower := c.follower()
			if test.owner.Name == "" {
				test.owner = controlledBy(name)
			}
			object := c.controlled(t, test.owner, test.labels)
			g.Expect(follower.follow(t.Context(), object)).To(Equal(test.want))
			g.Expect(c.gets).To(Equal(test.gets))
			g.Expect(c.replicaSet(t).Labels).To(Equal(test.after))
			if test.want == written {
				g.Expect(c.patches).To(HaveExactElements(ContainSubstring(`"resourceVersion":"1"`)))
			} else {
				g.Expect(c.patches).To(BeEmpty())
			}
		})
	}
}

func TestFollowAsksNothing(t *testing.T) {
	t.Run("while there is no shard", func(t *testing.T) {
		g := NewWithT(t)
		c := newCluster(t, map[string]lease.State{"a": lease.Dead}, deployment("x", assignedTo("a")))
		follower := c.follower()
		object := c.controlled(t, controlledBy("x"), nil)
		g.Expect(follower.follow(t.Context(), object)).To(Equal(settled), "a shard that joins lets it be looked at again")
		g.Expect(c.gets).To(BeZero())
	})
	t.Run("about a main object that is known to be unassigned", func(t *testing.T) {
		g := NewWithT(t)
		c := newCluster(t, ready("a"), deployment("x", nil))
		follower := c.follower()
		follower.unassigned = map[schema.GroupKind]unassignedReader{deployments.GroupKind(): &known{deploymentMetadata("x", nil)}}
		object := c.controlled(t, controlledBy("x"), nil)
		g.Expect(follower.follow(t.Context(), object)).To(Equal(waiting))
		g.Expect(c.gets).To(BeZero())
	})
}

// known is the only object that is known.
type known struct{ object *metav1.PartialObjectMetadata }

func (k *known) run(context.Context) error                              { return nil }
func (k *known) get(types.NamespacedName) *metav1.PartialObjectMetadata { return k.object }
func (k *known) names() []types.NamespacedName                          { return nil }

func TestFollowDecidesAgainOnFreshData(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, ready("a", "b"), deployment("x", assignedTo("a")))
	follower := c.follower()
	object := c.controlled(t, controlledBy("x"), nil)
	c.onPatch = func(context.Context, client.Object) error {
		c.onPatch = nil
		c.relabel(t, "x", assignedTo("b")) // which the first decision did not know
		return conflict("set")
	}
	g.Expect(follower.follow(t.Context(), object)).To(Equal(written))
	g.Expect(c.replicaSet(t).Labels).To(Equal(assignedTo("b")))
	g.Expect(c.patches).To(HaveLen(2))
}
