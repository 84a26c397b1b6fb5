// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder

import (
	"context"
	"errors"
	"testing"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// watchedObjects are all objects of the cluster, as if none were assigned.
type watchedObjects struct {
	t       *testing.T
	cluster *cluster
}

func (o *watchedObjects) run(context.Context) error { return nil }

func (o *watchedObjects) get(name types.NamespacedName) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(deployments)
	if err := o.cluster.client.Get(o.t.Context(), name, object); err != nil {
		return nil
	}
	return object
}

func (o *watchedObjects) names() []types.NamespacedName {
	list := newList(deployments)
	NewWithT(o.t).Expect(o.cluster.client.List(o.t.Context(), list)).To(Succeed())
	var names []types.NamespacedName
	for i := range list.Items {
		names = append(names, client.ObjectKeyFromObject(&list.Items[i]))
	}
	return names
}

func newTestAssigner(t *testing.T, objects ...*appsv1.Deployment) (*assigner, *cluster) {
	t.Helper()
	cluster := newCluster(t, ready("a"), objects...)
	queue := newQueue[types.NamespacedName]("test", maxBackoff)
	t.Cleanup(queue.ShutDown)
	return &assigner{objects: &watchedObjects{t, cluster}, settle: cluster.settler.settle, queue: queue}, cluster
}

func named(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "default", Name: name}
}

func TestAssigner(t *testing.T) {
	g := NewWithT(t)
	a, cluster := newTestAssigner(t, deployment("x", nil))
	g.Expect(a.Reconcile(t.Context(), named("x"))).To(Equal(reconcile.Result{}))
	g.Expect(cluster.object(t, "x").Labels).To(Equal(assignedTo("a")))
	g.Expect(a.Reconcile(t.Context(), named("gone"))).To(Equal(reconcile.Result{}))
	g.Expect(cluster.patches).To(HaveLen(1))
}

func TestAssignerReturnsErrors(t *testing.T) {
	g := NewWithT(t)
	unavailable := errors.New("service unavailable")
	a, cluster := newTestAssigner(t, deployment("x", nil))
	cluster.onPatch = func(context.Context, client.Object) error { return unavailable }
	_, err := a.Reconcile(t.Context(), named("x"))
	g.Expect(err).To(MatchError(unavailable))
}

func TestAssignerLooksAgainAtWhatIsUnassigned(t *testing.T) {
	g := NewWithT(t)
	a, _ := newTestAssigner(t, deployment("x", nil), deployment("y", nil))
	a.lookAgain()
	g.Expect(a.queue.Len()).To(Equal(2))
	first, _ := a.queue.Get()
	second, _ := a.queue.Get()
	g.Expect([]types.NamespacedName{first, second}).To(ConsistOf(named("x"), named("y")))
}

func TestKeepIdentity(t *testing.T) {
	g := NewWithT(t)
	object := &metav1.PartialObjectMetadata{ObjectMeta: deployment("x", assignedTo("a")).ObjectMeta}
	object.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "m"}}
	object.Annotations = map[string]string{"long": "text"}
	object.OwnerReferences = []metav1.OwnerReference{{Name: "owner"}, {Name: "controller", Controller: new(true)}}
	object.Finalizers = []string{"finalizer"}

	wanted := deploymentMetadata("x", assignedTo("a"))
	wanted.OwnerReferences = []metav1.OwnerReference{{Name: "controller", Controller: new(true)}}
	g.Expect(keepIdentityAs(deployments)(object)).To(Equal(wanted), "what decisions and writes need stays")
}

// A client takes the kind of a list without one suffix.
func TestNewList(t *testing.T) {
	g := NewWithT(t)
	g.Expect(newList(deployments).Kind).To(Equal("DeploymentList"))
	g.Expect(newList(appsv1.SchemeGroupVersion.WithKind("AllowList")).Kind).To(Equal("AllowListList"))
}
