// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	testclock "k8s.io/utils/clock/testing"
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

// reconcile reconciles the website once. It returns the result and the requests made.
func (w *world) reconcile() (reconcile.Result, []string, error) {
	w.requests = nil
	result, err := w.Reconciler.Reconcile(context.Background(), request)
	return result, w.requests, err
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

	result, requests, err := w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(requests).To(Equal(applies))
	w.Expect(result.RequeueAfter).To(Equal(2*time.Second), "the Deployment's controller has not seen it yet")

	w.rollOut()
	result, requests, err = w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result).To(BeZero())
	w.Expect(requests).To(Equal([]string{"PATCH websites/status"}))
	status := w.website().Status
	w.Expect(status.Phase).To(Equal(v1alpha1.PhaseReady))
	w.Expect(status.ObservedGeneration).To(Equal(int64(1)))
	w.Expect(status.LastTransitionTime.Time).To(BeTemporally("==", start))
	w.Expect(status.Conditions).To(HaveLen(1))
	w.Expect(status.Conditions[0].Status).To(Equal(metav1.ConditionTrue))

	_, requests, err = w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(requests).To(BeEmpty())
	w.Expect(w.recorder.Events).To(BeEmpty())
}

func TestPendingWhenNobodyObservesTheDeployment(t *testing.T) {
	w := newWorld(t)
	_, _, _ = w.reconcile()

	w.clock.SetTime(start.Add(400 * time.Millisecond))
	result, requests, err := w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(requests).To(BeEmpty())
	w.Expect(result.RequeueAfter).To(Equal(1600 * time.Millisecond))

	w.clock.SetTime(start.Add(2 * time.Second))
	result, requests, err = w.reconcile()
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
	_, requests, err := w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(requests).To(Equal([]string{"PATCH websites/status"}))
	status := w.website().Status
	w.Expect(status.ObservedGeneration).To(Equal(int64(2)))
	w.Expect(status.LastTransitionTime.Time).To(BeTemporally("==", start))
	w.Expect(status.Conditions[0].LastTransitionTime.Time).To(BeTemporally("==", start))
}

func TestWebsiteThatChangesMeanwhile(t *testing.T) {
	for name, test := range map[string]struct {
		change   func(*v1alpha1.Website)
		requests []string
	}{
		"its spec, so another reconcile is due": {
			func(w *v1alpha1.Website) { w.Generation++ }, []string{"PATCH configmaps"},
		},
		"something that does not matter": {
			func(w *v1alpha1.Website) { w.Labels = map[string]string{"a": "b"} }, []string{"PATCH configmaps", "PATCH websites/status"},
		},
		"all of it": {
			func(w *v1alpha1.Website) { w.UID = "another" }, []string{"PATCH configmaps"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			_, _, _ = w.reconcile()
			w.rollOut()
			clear(w.objects[kinds["configmaps"]])
			w.refuse = func(request string) *errors.StatusError {
				if request == "PATCH configmaps" {
					changed := w.website().DeepCopy()
					test.change(changed)
					w.put(changed)
				}
				return nil
			}
			_, requests, err := w.reconcile()
			w.Expect(err).NotTo(HaveOccurred())
			w.Expect(requests).To(Equal(test.requests))
		})
	}
}

func TestUnknownWebsite(t *testing.T) {
	w := newWorld(t)
	delete(w.objects[kinds["websites"]], request.NamespacedName)
	result, requests, err := w.reconcile()
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result).To(BeZero())
	w.Expect(requests).To(BeEmpty())
}
