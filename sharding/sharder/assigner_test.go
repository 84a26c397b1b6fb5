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
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// objectCache is a cache that reads through to the cluster, for what an assigner asks of it.
type objectCache struct {
	cache.Cache
	cluster  *cluster
	unsynced bool
	err      error
}

func (c *objectCache) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	if c.err != nil {
		return c.err
	}
	return c.cluster.client.Get(ctx, key, object, options...)
}

func (c *objectCache) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	if c.err != nil {
		return c.err
	}
	return c.cluster.client.List(ctx, list, options...)
}

func (c *objectCache) GetInformer(context.Context, client.Object, ...cache.InformerGetOption) (cache.Informer, error) {
	return &objectInformer{synced: !c.unsynced}, nil
}

type objectInformer struct {
	cache.Informer
	synced bool
}

func (i *objectInformer) HasSynced() bool { return i.synced }

func newTestAssigner(t *testing.T, objects ...*appsv1.Deployment) (*assigner, *objectCache) {
	t.Helper()
	cluster := newCluster(t, ready("a"), objects...)
	cached := &objectCache{cluster: cluster}
	queue := newQueue[reconcile.Request]("test", maxBackoff)
	t.Cleanup(queue.ShutDown)
	return &assigner{gvk: deployments, cache: cached, settler: cluster.settler, queue: queue}, cached
}

func requestFor(name string) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "default", Name: name}}
}

func TestAssigner(t *testing.T) {
	g := NewWithT(t)
	a, cached := newTestAssigner(t, deployment("x", nil))
	g.Expect(a.Reconcile(t.Context(), requestFor("x"))).To(Equal(reconcile.Result{}))
	g.Expect(cached.cluster.object(t, "x").Labels).To(Equal(assignedTo("a")))
	g.Expect(a.Reconcile(t.Context(), requestFor("gone"))).To(Equal(reconcile.Result{}))
	g.Expect(cached.cluster.patches).To(HaveLen(1))
}

func TestAssignerReturnsErrors(t *testing.T) {
	g := NewWithT(t)
	unavailable := errors.New("service unavailable")
	a, cached := newTestAssigner(t, deployment("x", nil))
	cached.cluster.onPatch = func(context.Context, client.Object) error { return unavailable }
	_, err := a.Reconcile(t.Context(), requestFor("x"))
	g.Expect(err).To(MatchError(unavailable))

	cached.err = errors.New("the cache is not started")
	_, err = a.Reconcile(t.Context(), requestFor("x"))
	g.Expect(err).To(MatchError(cached.err))
}

func TestAssignerLooksAgainAtWhatIsUnassigned(t *testing.T) {
	g := NewWithT(t)
	a, cached := newTestAssigner(t, deployment("x", nil), deployment("y", nil))

	cached.unsynced = true
	a.enqueueAll(t.Context())
	g.Expect(a.unassigned(t.Context())).To(BeEmpty())
	g.Expect(a.queue.Len()).To(BeZero(), "all are enqueued anyway when the cache has synced")

	cached.unsynced = false
	a.enqueueAll(t.Context())
	g.Expect(a.unassigned(t.Context())).To(HaveLen(2))
	g.Expect(a.queue.Len()).To(Equal(2))
	first, _ := a.queue.Get()
	second, _ := a.queue.Get()
	g.Expect([]reconcile.Request{first, second}).To(ConsistOf(requestFor("x"), requestFor("y")))

	cached.err = errors.New("the term is over")
	g.Expect(a.unassigned(t.Context())).To(BeEmpty())
}

func TestKeepIdentity(t *testing.T) {
	g := NewWithT(t)
	object := deploymentMetadata("x", assignedTo("a"))
	object.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "m"}}
	object.Annotations = map[string]string{"long": "text"}
	object.OwnerReferences = []metav1.OwnerReference{{Name: "owner"}}
	object.Finalizers = []string{"finalizer"}
	g.Expect(keepIdentity(object)).To(Equal(deploymentMetadata("x", assignedTo("a"))), "what decisions and writes need stays")

	other := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{"a": "b"}}}
	g.Expect(keepIdentity(other.DeepCopy())).To(Equal(other))
}

// A client takes the kind of a list without one suffix.
func TestNewList(t *testing.T) {
	g := NewWithT(t)
	g.Expect(newList(deployments).Kind).To(Equal("DeploymentList"))
	g.Expect(newList(appsv1.SchemeGroupVersion.WithKind("AllowList")).Kind).To(Equal("AllowListList"))
}
