// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package shard

import (
	"context"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/prometheus/client_golang/prometheus/testutil"
	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

var (
	objectKey        = client.ObjectKey{Namespace: "default", Name: "a"}
	deploymentsGroup = schema.GroupResource{Group: "apps", Resource: "deployments"}

	ofShard1         = map[string]string{testRing.LabelShard(): "shard-1", "app": "a"}
	ofShard2         = map[string]string{testRing.LabelShard(): "shard-2", "app": "a"}
	drainingAtShard1 = map[string]string{testRing.LabelShard(): "shard-1", testRing.LabelDrain(): "true", "app": "a"}
)

// handoverTest is a wrapped reconciler, the object that it gets to see, and what comes of it.
type handoverTest struct {
	shard  *Shard
	clock  *clocktesting.FakePassiveClock
	client client.Client

	refusal error  // what the API server answers to writes, if set
	cached  func() // changes the object behind the back of the cache, if set

	patches []string // the bodies of all writes
	calls   []reconcile.Request
	result  reconcile.Result
	err     error
	during  func() // runs while the inner reconciler does
}

func newHandoverTest(t *testing.T, labels map[string]string) *handoverTest {
	t.Helper()
	h := &handoverTest{clock: clocktesting.NewFakePassiveClock(begin)}
	var err error
	h.shard, err = New(testRing, Options{Name: "shard-1", Namespace: testNamespace, Clock: h.clock})
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	h.shard.guard.renew(begin)
	h.shard.handshake.holdings = holdings{
		appsv1.SchemeGroupVersion.WithKind("Deployment").GroupKind(): {at: "40"}, // before all objects of these tests
	}
	close(h.shard.handshake.done)

	builder := fake.NewClientBuilder().WithInterceptorFuncs(interceptor.Funcs{
		Get: func(ctx context.Context, next client.WithWatch, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
			if err := next.Get(ctx, key, object, options...); err != nil {
				return err
			}
			if h.cached != nil {
				h.cached()
			}
			return nil
		},
		Patch: func(ctx context.Context, next client.WithWatch, object client.Object, patch client.Patch, options ...client.PatchOption) error {
			body, err := patch.Data(object)
			if err != nil {
				return err
			}
			h.patches = append(h.patches, string(body))
			if patch.Type() != types.MergePatchType {
				return errors.New("unexpected type of patch: " + string(patch.Type()))
			}
			if h.refusal != nil {
				return h.refusal
			}
			return next.Patch(ctx, object, patch, options...)
		},
	})
	if labels != nil {
		object := &appsv1.Deployment{}
		object.Namespace, object.Name, object.Labels = objectKey.Namespace, objectKey.Name, labels
		object.UID, object.ResourceVersion = "uid-of-a", "41"
		builder.WithObjects(object)
	}
	h.client = builder.Build()
	return h
}

func (h *handoverTest) reconcile(t *testing.T) (reconcile.Result, error) {
	t.Helper()
	inner := reconcile.Func(func(_ context.Context, request reconcile.Request) (reconcile.Result, error) {
		h.calls = append(h.calls, request)
		if h.during != nil {
			h.during()
		}
		return h.result, h.err
	})
	return h.shard.Reconciler(h.client, &appsv1.Deployment{}, inner).
		Reconcile(t.Context(), reconcile.Request{NamespacedName: objectKey})
}

func (h *handoverTest) labels(t *testing.T) map[string]string {
	t.Helper()
	object := &appsv1.Deployment{}
	NewWithT(t).Expect(h.client.Get(t.Context(), objectKey, object)).To(Succeed())
	return object.Labels
}

func TestReconcilerForgetsWhatIsNotItsOwn(t *testing.T) {
	for name, labels := range map[string]map[string]string{
		"an object that is not in the cache":      nil,
		"an object of another shard":              ofShard2,
		"an object of another ring":               {"shard.alpha.sharding.timebertt.dev/other": "shard-1"},
		"an object that nobody owns":              {"app": "a"},
		"a draining object of another shard":      {testRing.LabelShard(): "shard-2", testRing.LabelDrain(): "true"},
		"a draining object that nobody owns":      {testRing.LabelDrain(): "true"},
		"an object of a shard with a like prefix": {testRing.LabelShard(): "shard-11"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			h := newHandoverTest(t, labels)
			h.result, h.err = reconcile.Result{RequeueAfter: time.Second}, errors.New("not to be seen")
			g.Expect(h.reconcile(t)).To(Equal(reconcile.Result{}))
			g.Expect(h.calls).To(BeEmpty())
			g.Expect(h.patches).To(BeEmpty())
		})
	}
}

func TestReconcilerPassesItsOwnThrough(t *testing.T) {
	for name, labels := range map[string]map[string]string{
		"an object":                             ofShard1,
		"an object that drains in another ring": {testRing.LabelShard(): "shard-1", "drain.alpha.sharding.timebertt.dev/other": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			h := newHandoverTest(t, labels)
			h.result = reconcile.Result{RequeueAfter: time.Minute}
			h.during = func() { g.Expect(inFlight(h.shard.guard)).To(Equal(1)) }
			g.Expect(h.reconcile(t)).To(Equal(h.result))
			g.Expect(h.calls).To(HaveExactElements(reconcile.Request{NamespacedName: objectKey}))
			g.Expect(inFlight(h.shard.guard)).To(BeZero())

			h.err = errors.New("an error of the reconciler")
			result, err := h.reconcile(t)
			g.Expect(result).To(Equal(h.result))
			g.Expect(err).To(BeIdenticalTo(h.err), "a terminal error has to be seen as one")
			g.Expect(inFlight(h.shard.guard)).To(BeZero())
			g.Expect(h.patches).To(BeEmpty())
		})
	}
}

func TestReconcilerCountsUntilAPanicIsOver(t *testing.T) {
	g := NewWithT(t)
	h := newHandoverTest(t, ofShard1)
	h.during = func() { panic("a bug") }
	g.Expect(func() { _, _ = h.reconcile(t) }).To(PanicWith("a bug"))
	g.Expect(inFlight(h.shard.guard)).To(BeZero())
}

func TestReconcilerDoesNothingWithoutTheLease(t *testing.T) {
	g := NewWithT(t)
	h := newHandoverTest(t, ofShard1)
	h.clock.SetTime(begin.Add(testRenewDeadline))
	_, err := h.reconcile(t)
	g.Expect(err).To(MatchError(ErrNotHeld))
	g.Expect(h.calls).To(BeEmpty())
	g.Expect(inFlight(h.shard.guard)).To(BeZero())
}

func TestReconcilerReturnsErrorsOfTheCache(t *testing.T) {
	g := NewWithT(t)
	h := newHandoverTest(t, ofShard1)
	broken := errors.New("the cache is broken")
	h.client = interceptor.NewClient(h.client.(client.WithWatch), interceptor.Funcs{
		Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
			return broken
		},
	})
	_, err := h.reconcile(t)
	g.Expect(err).To(MatchError(broken))
	g.Expect(h.calls).To(BeEmpty())
}

func TestReconcilerAcknowledgesADrain(t *testing.T) {
	for name, value := range map[string]string{"true": "true", "empty": "", "false, for only the presence counts": "false"} {
		t.Run("label "+name, func(t *testing.T) {
			g := NewWithT(t)
			before := testutil.ToFloat64(acknowledgedDrains.WithLabelValues("my-ring"))
			h := newHandoverTest(t, map[string]string{testRing.LabelShard(): "shard-1", testRing.LabelDrain(): value, "app": "a"})
			h.result = reconcile.Result{RequeueAfter: time.Second}

			g.Expect(h.reconcile(t)).To(Equal(reconcile.Result{}))
			g.Expect(h.calls).To(BeEmpty())
			g.Expect(h.patches).To(HaveExactElements(MatchJSON(`{"metadata": {
				"uid": "uid-of-a", "resourceVersion": "41",
				"labels": {
					"shard.alpha.sharding.timebertt.dev/my-ring": null,
					"drain.alpha.sharding.timebertt.dev/my-ring": null
				}
			}}`)))
			g.Expect(h.labels(t)).To(Equal(map[string]string{"app": "a"}))
			g.Expect(testutil.ToFloat64(acknowledgedDrains.WithLabelValues("my-ring"))).To(Equal(before + 1))

			g.Expect(h.reconcile(t)).To(Equal(reconcile.Result{}))
			g.Expect(h.patches).To(HaveLen(1), "it is not this shard's any more")
		})
	}
}

func TestReconcilerAcknowledgesOnlyWhatItSaw(t *testing.T) {
	g := NewWithT(t)
	before := testutil.ToFloat64(acknowledgedDrains.WithLabelValues("my-ring"))
	h := newHandoverTest(t, drainingAtShard1)
	h.cached = func() {
		h.cached = nil
		object := &appsv1.Deployment{}
		g.Expect(h.client.Get(t.Context(), objectKey, object)).To(Succeed())
		object.Labels = ofShard2
		g.Expect(h.client.Update(t.Context(), object)).To(Succeed())
	}

	g.Expect(h.reconcile(t)).To(Equal(reconcile.Result{}))
	g.Expect(h.patches).To(HaveLen(1))
	g.Expect(h.calls).To(BeEmpty())
	g.Expect(h.labels(t)).To(Equal(ofShard2))
	g.Expect(testutil.ToFloat64(acknowledgedDrains.WithLabelValues("my-ring"))).To(Equal(before))
}

func TestReconcilerWhenTheAcknowledgementIsRefused(t *testing.T) {
	other := errors.New("service unavailable")
	for name, test := range map[string]struct {
		refusal, returned error
	}{
		"a conflict":  {refusal: apierrors.NewConflict(deploymentsGroup, "a", errors.New("it was changed"))},
		"not found":   {refusal: apierrors.NewNotFound(deploymentsGroup, "a")},
		"other error": {refusal: other, returned: other},
		"forbidden": {
			refusal: apierrors.NewForbidden(deploymentsGroup, "a", other), returned: apierrors.NewForbidden(deploymentsGroup, "a", other),
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			before := testutil.ToFloat64(acknowledgedDrains.WithLabelValues("my-ring"))
			h := newHandoverTest(t, drainingAtShard1)
			h.refusal = test.refusal

			result, err := h.reconcile(t)
			g.Expect(result).To(Equal(reconcile.Result{}))
			if test.returned == nil {
				g.Expect(err).NotTo(HaveOccurred(), "the cache will hear of it")
			} else {
				g.Expect(err).To(MatchError("acknowledging a drain: " + test.returned.Error()))
				g.Expect(errors.Is(err, test.refusal)).To(BeTrue())
			}
			g.Expect(h.patches).To(HaveLen(1), "nothing else is written")
			g.Expect(h.calls).To(BeEmpty())
			g.Expect(h.labels(t)).To(Equal(drainingAtShard1))
			g.Expect(testutil.ToFloat64(acknowledgedDrains.WithLabelValues("my-ring"))).To(Equal(before))
		})
	}
}
