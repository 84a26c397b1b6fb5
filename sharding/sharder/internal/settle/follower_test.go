// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package settle

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
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

var replicaSets = appsv1.SchemeGroupVersion.WithKind("ReplicaSet")

// follower returns a follower of the cluster's Deployments, which control ReplicaSets.
func (c *cluster) follower() *Follower {
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(testring.Deployments, meta.RESTScopeNamespace)
	c.settler.Scope.Resources = []scope.Resource{{Kind: testring.Deployments, Controlled: []schema.GroupVersionKind{replicaSets}}}
	return &Follower{Settler: c.settler, Mapper: mapper}
}

// controlled creates a ReplicaSet that is controlled by the owner.
func (c *cluster) controlled(t *testing.T, owner metav1.OwnerReference, labels map[string]string) *metav1.PartialObjectMetadata {
	t.Helper()
	set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{
		Namespace: "default", Name: "set", UID: "uid-of-set", Labels: labels, OwnerReferences: []metav1.OwnerReference{owner},
	}}
	NewWithT(t).Expect(c.Client.Create(t.Context(), set)).To(Succeed())
	return c.replicaSet(t)
}

func (c *cluster) replicaSet(t *testing.T) *metav1.PartialObjectMetadata {
	t.Helper()
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(replicaSets)
	NewWithT(t).Expect(c.Client.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: "set"}, object)).To(Succeed())
	c.Forget()
	return object
}

func controlledBy(name string) metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: "apps/v1", Kind: "Deployment", Name: name, UID: types.UID("uid-of-" + name), Controller: new(true),
	}
}

func TestFollow(t *testing.T) {
	name := testring.NameFor("b", 0, "a", "b")
	other := controlledBy(name)
	other.UID = "another"
	stranger := controlledBy(name)
	stranger.Kind = "StatefulSet"
	notController := controlledBy(name)
	notController.Controller = nil

	for title, test := range map[string]struct {
		main, labels map[string]string
		owner        metav1.OwnerReference
		want         Outcome
		after        map[string]string
		gets         int
	}{
		"assigns":                             {main: testring.AssignedTo("b"), want: Written, after: testring.AssignedTo("b"), gets: 1},
		"assigns to where the main object is": {main: testring.AssignedTo("a"), want: Written, after: testring.AssignedTo("a"), gets: 1},
		"moves at once":                       {main: testring.AssignedTo("b"), labels: testring.AssignedTo("a"), want: Written, after: testring.AssignedTo("b"), gets: 1},
		"moves and clears a drain label":      {main: testring.AssignedTo("b"), labels: testring.DrainingAt("a"), want: Written, after: testring.AssignedTo("b"), gets: 1},
		"asks nothing about what is at home":  {main: testring.AssignedTo("b"), labels: testring.AssignedTo("b"), want: Settled, after: testring.AssignedTo("b")},
		"waits for one that drains":           {main: testring.DrainingAt("a"), want: Waiting, gets: 1},
		"waits for one that is not assigned":  {want: Waiting, gets: 1},
		"stays with its main object":          {main: testring.AssignedTo("a"), labels: testring.AssignedTo("a"), want: Settled, after: testring.AssignedTo("a"), gets: 1},
		"leaves alone what is of another one": {main: testring.AssignedTo("b"), owner: other, want: Settled, gets: 1},
		"leaves alone what is a stranger's":   {main: testring.AssignedTo("b"), owner: stranger, want: Settled},
		"leaves alone what is only owned":     {main: testring.AssignedTo("b"), owner: notController, want: Settled},
		"leaves alone what is an orphan":      {main: testring.AssignedTo("b"), owner: controlledBy("gone"), want: Settled, gets: 1},
	} {
		t.Run(title, func(t *testing.T) {
			g := NewWithT(t)
			c := newCluster(t, testring.Ready("a", "b"), testring.Deployment(name, test.main))
			follower := c.follower()
			if test.owner.Name == "" {
				test.owner = controlledBy(name)
			}
			object := c.controlled(t, test.owner, test.labels)
			g.Expect(follower.Follow(t.Context(), object)).To(Equal(test.want))
			g.Expect(c.Gets()).To(Equal(test.gets))
			g.Expect(c.replicaSet(t).Labels).To(Equal(test.after))
			if test.want == Written {
				g.Expect(c.Patches()).To(HaveExactElements(ContainSubstring(`"resourceVersion":"1"`)))
			} else {
				g.Expect(c.Patches()).To(BeEmpty())
			}
		})
	}
}

func TestFollowAsksNothing(t *testing.T) {
	t.Run("while there is no shard", func(t *testing.T) {
		g := NewWithT(t)
		c := newCluster(t, map[string]lease.State{"a": lease.Dead}, testring.Deployment("x", testring.AssignedTo("a")))
		follower := c.follower()
		object := c.controlled(t, controlledBy("x"), nil)
		g.Expect(follower.Follow(t.Context(), object)).To(Equal(Settled), "a shard that joins lets it be looked at again")
		g.Expect(c.Gets()).To(BeZero())
	})
	t.Run("about a main object that is known to be unassigned", func(t *testing.T) {
		g := NewWithT(t)
		c := newCluster(t, testring.Ready("a"), testring.Deployment("x", nil))
		follower := c.follower()
		follower.Unassigned = map[schema.GroupKind]Reader{testring.Deployments.GroupKind(): &known{testring.Metadata("x", nil)}}
		object := c.controlled(t, controlledBy("x"), nil)
		g.Expect(follower.Follow(t.Context(), object)).To(Equal(Waiting))
		g.Expect(c.Gets()).To(BeZero())
	})
}

// known is the only object that is known.
type known struct{ object *metav1.PartialObjectMetadata }

func (k *known) Get(types.NamespacedName) *metav1.PartialObjectMetadata { return k.object }

func TestFollowDecidesAgainOnFreshData(t *testing.T) {
	g := NewWithT(t)
	c := newCluster(t, testring.Ready("a", "b"), testring.Deployment("x", testring.AssignedTo("a")))
	follower := c.follower()
	object := c.controlled(t, controlledBy("x"), nil)
	c.OnPatch = func(context.Context, client.Object) error {
		c.OnPatch = nil
		c.Relabel(t, "x", testring.AssignedTo("b")) // which the first decision did not know
		return testring.Conflict("set")
	}
	g.Expect(follower.Follow(t.Context(), object)).To(Equal(Written))
	g.Expect(c.replicaSet(t).Labels).To(Equal(testring.AssignedTo("b")))
	g.Expect(c.Patches()).To(HaveLen(2))
}
