// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	testclock "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

var (
	start   = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	request = reconcile.Request{NamespacedName: client.ObjectKey{Namespace: "project", Name: "blog"}}
)

// world is one website, its reconciler, and what the reconciler lives on.
type world struct {
	*WithT
	*memory
	*website.Reconciler
	clock    *testclock.FakePassiveClock
	recorder *events.FakeRecorder
}

func newWorld(t *testing.T) *world {
	m, c := newMemory(t)
	w := &world{
		WithT: NewWithT(t), memory: m,
		clock: testclock.NewFakePassiveClock(start), recorder: events.NewFakeRecorder(10),
	}
	w.Reconciler = &website.Reconciler{Client: c, Recorder: w.recorder, Clock: w.clock, Image: website.DefaultImage}
	m.put(theme("lucid"))
	m.put(site("blog", nil))
	return w
}

// reconcile reconciles the website once. It returns the result and the requests.
func (w *world) reconcile() (reconcile.Result, error, []string) {
	w.requests = nil
	result, err := w.Reconciler.Reconcile(context.Background(), request)
	return result, err, w.requests
}

func (w *world) website() *v1alpha1.Website {
	return w.objects[kinds["websites"]][request.NamespacedName].(*v1alpha1.Website)
}

func (w *world) deployment() *appsv1.Deployment {
	key := client.ObjectKey{Namespace: "project", Name: website.ServerName(w.website())}
	return w.objects[kinds["deployments"]][key].(*appsv1.Deployment)
}

// rollOut plays the controller of Deployments.
func (w *world) rollOut() {
	d := w.deployment().DeepCopy()
	d.Status = appsv1.DeploymentStatus{
		ObservedGeneration: d.Generation,
		Replicas:           *d.Spec.Replicas, UpdatedReplicas: *d.Spec.Replicas, AvailableReplicas: *d.Spec.Replicas,
	}
	w.put(d)
}

var applies = []string{"PATCH configmaps", "PATCH deployments", "PATCH services", "PATCH ingresses"}

func TestFromNothingToReady(t *testing.T) {
	w := newWorld(t)

	result, err, requests := w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(requests).To(Equal(applies))
	w.Expect(result.RequeueAfter).To(Equal(2*time.Second), "the Deployment's controller has not seen it yet")

	w.rollOut()
	result, err, requests = w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result).To(BeZero())
	w.Expect(requests).To(Equal([]string{"PATCH websites/status"}))
	status := w.website().Status
	w.Expect(status.Phase).To(Equal(v1alpha1.PhaseReady))
	w.Expect(status.ObservedGeneration).To(Equal(int64(1)))
	w.Expect(status.LastTransitionTime.Time).To(BeTemporally("==", start))
	w.Expect(status.Conditions).To(HaveLen(1))
	w.Expect(status.Conditions[0].Status).To(Equal(metav1.ConditionTrue))

	_, err, requests = w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(requests).To(BeEmpty())
	w.Expect(w.recorder.Events).To(BeEmpty())
}

func TestPendingWhenNobodyObservesTheDeployment(t *testing.T) {
	w := newWorld(t)
	_, _, _ = w.reconcile()

	w.clock.SetTime(start.Add(400 * time.Millisecond))
	result, err, requests := w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(requests).To(BeEmpty())
	w.Expect(result.RequeueAfter).To(Equal(1600 * time.Millisecond))

	w.clock.SetTime(start.Add(2 * time.Second))
	result, err, requests = w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(requests).To(Equal([]string{"PATCH websites/status"}))
	w.Expect(result).To(BeZero(), "the next step is the Deployment's")
	w.Expect(w.website().Status.Phase).To(Equal(v1alpha1.PhasePending))
}

func TestNewGenerationInTheSamePhase(t *testing.T) {
	w := newWorld(t)
	_, _, _ = w.reconcile()
	w.rollOut()
	_, _, _ = w.reconcile()

	changed := w.website().DeepCopy()
	changed.Generation = 2
	w.put(changed)
	w.clock.SetTime(start.Add(time.Hour))
	_, err, requests := w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(requests).To(Equal([]string{"PATCH websites/status"}))
	status := w.website().Status
	w.Expect(status.ObservedGeneration).To(Equal(int64(2)))
	w.Expect(status.LastTransitionTime.Time).To(BeTemporally("==", start))
	w.Expect(status.Conditions[0].LastTransitionTime.Time).To(BeTemporally("==", start))
}

func TestErrorsOfTheAPIServer(t *testing.T) {
	deployments := schema.GroupResource{Group: "apps", Resource: "deployments"}
	terminating := errors.NewForbidden(deployments, "blog", nil)
	terminating.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
	unavailable := errors.NewServiceUnavailable("later")

	for name, test := range map[string]struct {
		answer *errors.StatusError
		// result of the reconcile
		fails bool
		again time.Duration
		// what is in the status then, if anything
		phase  v1alpha1.WebsitePhase
		reason string
	}{
		"conflict":             {answer: errors.NewConflict(deployments, "blog", nil), again: 20 * time.Millisecond},
		"exists already":       {answer: errors.NewAlreadyExists(deployments, "blog"), again: 20 * time.Millisecond},
		"namespace is deleted": {answer: terminating},
		"unavailable":          {answer: unavailable, fails: true, phase: "Pending", reason: "Retrying"},
		"internal error":       {answer: errors.NewInternalError(unavailable), fails: true, phase: "Pending", reason: "Retrying"},
		"timeout":              {answer: errors.NewTimeoutError("slow", 0), fails: true, phase: "Pending", reason: "Retrying"},
		"too many requests":    {answer: errors.NewGenericServerResponse(429, "patch", deployments, "blog", "slow", 0, true), fails: true, phase: "Pending", reason: "Retrying"},
		"unauthorized":         {answer: errors.NewUnauthorized("who?"), fails: true, phase: "Pending", reason: "Retrying"},
		"forbidden":            {answer: errors.NewForbidden(deployments, "blog", unavailable), fails: true, phase: "Error", reason: "Refused"},
		"invalid":              {answer: errors.NewInvalid(schema.GroupKind{Kind: "Deployment"}, "blog", nil), fails: true, phase: "Error", reason: "Refused"},
		"bad request":          {answer: errors.NewBadRequest("what?"), fails: true, phase: "Error", reason: "Refused"},
		"another one's":        {answer: secondController(), fails: true, phase: "Error", reason: "NameTaken"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.refuse = func(request string) *errors.StatusError {
				if request == "PATCH deployments" {
					return test.answer
				}
				return nil
			}

			result, err, requests := w.reconcile()
			w.Expect(err != nil).To(Equal(test.fails), "%v", err)
			w.Expect(result.RequeueAfter).To(Equal(test.again))
			if test.reason == "" {
				w.Expect(requests).NotTo(ContainElement("PATCH websites/status"))
				w.Expect(w.recorder.Events).To(BeEmpty())
				return
			}
			w.Expect(w.website().Status.Phase).To(Equal(test.phase))
			w.Expect(w.website().Status.Conditions[0].Reason).To(Equal(test.reason))
			w.Expect(w.website().Status.Conditions[0].Message).To(ContainSubstring(test.answer.Error()))
			if test.phase == v1alpha1.PhaseError {
				w.Expect(w.recorder.Events).To(Receive(HavePrefix("Warning " + test.reason)))
			}

			_, err, requests = w.reconcile()
			w.Expect(err).To(HaveOccurred())
			w.Expect(requests).To(Equal([]string{"PATCH deployments"}), "the same message is not written again")
			w.Expect(w.recorder.Events).To(BeEmpty())
		})
	}
}

func TestFailuresLeaveTheStatusOfAReadyWebsite(t *testing.T) {
	w := newWorld(t)
	_, _, _ = w.reconcile()
	w.rollOut()
	_, _, _ = w.reconcile()
	before := w.website().Status

	changed := theme("lucid")
	changed.Spec.Color = "red"
	w.put(changed)
	w.refuse = func(string) *errors.StatusError { return errors.NewServiceUnavailable("later") }
	for range 3 {
		_, err, requests := w.reconcile()
		w.Expect(err).To(HaveOccurred())
		w.Expect(requests).To(Equal([]string{"PATCH configmaps"}))
	}
	w.Expect(w.website().Status).To(Equal(before))
	w.Expect(w.recorder.Events).To(BeEmpty())
}

// secondController is how the API server refuses a second controller for an object.
func secondController() *errors.StatusError {
	err := errors.NewInvalid(schema.GroupKind{Kind: "Deployment"}, "blog", nil)
	err.ErrStatus.Details.Causes = []metav1.StatusCause{{Field: "metadata.ownerReferences"}}
	return err
}

func TestObjectOfSomebodyElseInTheCache(t *testing.T) {
	w := newWorld(t)
	w.put(&corev1.Service{ObjectMeta: metav1.ObjectMeta{
		Namespace: "project", Name: website.ServerName(w.website()),
		OwnerReferences: []metav1.OwnerReference{{Kind: "Gateway", Name: "front", UID: "9", Controller: ptr.To(true)}},
	}})
	_, err, requests := w.reconcile()
	w.Expect(err).To(HaveOccurred())
	w.Expect(requests).To(Equal([]string{"PATCH configmaps", "PATCH deployments", "PATCH websites/status"}))
	w.Expect(w.website().Status.Conditions[0].Reason).To(Equal("NameTaken"))
	w.Expect(w.website().Status.Conditions[0].Message).To(And(ContainSubstring("Service"), ContainSubstring("Gateway front")))
}

func TestLongMessagesAreCut(t *testing.T) {
	w := newWorld(t)
	w.refuse = func(request string) *errors.StatusError {
		if request == "PATCH services" {
			return errors.NewBadRequest(strings.Repeat("x", 5000))
		}
		return nil
	}
	_, _, _ = w.reconcile()
	w.Expect(len(w.website().Status.Conditions[0].Message)).To(BeNumerically("<", 1024))
}

func TestErrorsOfTheStatusWrite(t *testing.T) {
	websites := schema.GroupResource{Group: "webhosting.timebertt.dev", Resource: "websites"}
	for name, test := range map[string]struct {
		answer *errors.StatusError
		fails  bool
		again  time.Duration
	}{
		"conflict":    {errors.NewConflict(websites, "blog", nil), false, 20 * time.Millisecond},
		"deleted":     {errors.NewNotFound(websites, "blog"), false, 0},
		"unavailable": {errors.NewServiceUnavailable("later"), true, 0},
		"forbidden":   {errors.NewForbidden(websites, "blog", nil), true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, _, _ = w.reconcile()
			w.rollOut()
			w.refuse = func(string) *errors.StatusError { return test.answer }
			result, err, _ := w.reconcile()
			w.Expect(err != nil).To(Equal(test.fails), "%v", err)
			w.Expect(result.RequeueAfter).To(Equal(test.again))
		})
	}
}

func TestCanceledReconcileIsNoError(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithCancel(context.Background())
	w.refuse = func(string) *errors.StatusError {
		cancel()
		return errors.NewServiceUnavailable("the connection is gone")
	}
	result, err := w.Reconciler.Reconcile(ctx, request)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result).To(BeZero())
}

func TestUnknownWebsite(t *testing.T) {
	w := newWorld(t)
	delete(w.objects[kinds["websites"]], request.NamespacedName)
	result, err, requests := w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result).To(BeZero())
	w.Expect(requests).To(BeEmpty())
}
