// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package assign

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

	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/settle"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/testring"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/internal/work"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// watchedObjects are all objects of the cluster, as if none were assigned.
type watchedObjects struct {
	t       *testing.T
	cluster *testring.Cluster
}

func (o *watchedObjects) run(context.Context) error { return nil }

func (o *watchedObjects) get(name types.NamespacedName) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(testring.Deployments)
	if err := o.cluster.Client.Get(o.t.Context(), name, object); err != nil {
		return nil
	}
	return object
}

func (o *watchedObjects) names() []types.NamespacedName {
	list := scope.ListOf(testring.Deployments)
	NewWithT(o.t).Expect(o.cluster.Client.List(o.t.Context(), list)).To(Succeed())
	var names []types.NamespacedName
	for i := range list.Items {
		names = append(names, client.ObjectKeyFromObject(&list.Items[i]))
	}
	return names
}

// settler gives all objects to the shard "a".
type settler struct{ cluster *testring.Cluster }

func (s settler) settle(ctx context.Context, object *metav1.PartialObjectMetadata) (settle.Outcome, error) {
	patch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"`+testring.LabelShard+`":"a"}}}`))
	return settle.Written, s.cluster.Client.Patch(ctx, object, patch)
}

func newTestAssigner(t *testing.T, objects ...*appsv1.Deployment) (*Assigner, *testring.Cluster) {
	t.Helper()
	cluster := testring.NewCluster(objects...)
	queue := work.NewQueue[types.NamespacedName]("test", work.MinBackoff, work.MaxBackoff)
	t.Cleanup(queue.ShutDown)
	return &Assigner{objects: &watchedObjects{t, cluster}, settle: settler{cluster}.settle, queue: queue}, cluster
}

func named(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "default", Name: name}
}

func TestAssigner(t *testing.T) {
	g := NewWithT(t)
	a, cluster := newTestAssigner(t, testring.Deployment("x", nil))
	g.Expect(a.Reconcile(t.Context(), named("x"))).To(Equal(reconcile.Result{}))
	g.Expect(cluster.Object(t, "x").Labels).To(Equal(testring.AssignedTo("a")))
	g.Expect(a.Reconcile(t.Context(), named("gone"))).To(Equal(reconcile.Result{}))
	g.Expect(cluster.Patches()).To(HaveLen(1))
}

func TestAssignerReturnsErrors(t *testing.T) {
	g := NewWithT(t)
	unavailable := errors.New("service unavailable")
	a, cluster := newTestAssigner(t, testring.Deployment("x", nil))
	cluster.OnPatch = func(context.Context, client.Object) error { return unavailable }
	_, err := a.Reconcile(t.Context(), named("x"))
	g.Expect(err).To(MatchError(unavailable))
}

func TestAssignerLooksAgainAtWhatIsUnassigned(t *testing.T) {
	g := NewWithT(t)
	a, _ := newTestAssigner(t, testring.Deployment("x", nil), testring.Deployment("y", nil))
	a.LookAgain()
	g.Expect(a.queue.Len()).To(Equal(2))
	first, _ := a.queue.Get()
	second, _ := a.queue.Get()
	g.Expect([]types.NamespacedName{first, second}).To(ConsistOf(named("x"), named("y")))
}

func TestAssignerComesBackToWhatWaitsForSomebodyElse(t *testing.T) {
	g := NewWithT(t)
	a, _ := newTestAssigner(t, testring.Deployment("x", nil))
	a.settle = func(context.Context, *metav1.PartialObjectMetadata) (settle.Outcome, error) {
		return settle.Waiting, nil
	}
	_, err := a.Reconcile(t.Context(), named("x"))
	g.Expect(err).To(BeIdenticalTo(work.ErrWaiting))
}
