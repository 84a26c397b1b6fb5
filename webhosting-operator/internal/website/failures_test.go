// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website_test

import (
	"context"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

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

			result, requests, err := w.reconcile()
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

			_, requests, err = w.reconcile()
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
		_, requests, err := w.reconcile()
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
		OwnerReferences: []metav1.OwnerReference{{Kind: "Gateway", Name: "front", UID: "9", Controller: new(true)}},
	}})
	_, requests, err := w.reconcile()
	w.Expect(err).To(HaveOccurred())
	w.Expect(requests).To(Equal([]string{"PATCH configmaps", "PATCH deployments", "PATCH websites/status"}))
	w.Expect(w.website().Status.Conditions[0].Reason).To(Equal("NameTaken"))
	w.Expect(w.website().Status.Conditions[0].Message).To(And(ContainSubstring("Service"), ContainSubstring("Gateway front")))
}

func TestLongMessagesAreCut(t *testing.T) {
	for _, begin := range []string{"", "x", "xx"} { // so that a cut anywhere is inside of a character once
		w := newWorld(t)
		w.refuse = func(request string) *errors.StatusError {
			if request == "PATCH services" {
				return errors.NewBadRequest(begin + strings.Repeat("€", 2000))
			}
			return nil
		}
		_, _, _ = w.reconcile()
		message := w.website().Status.Conditions[0].Message
		w.Expect(len(message)).To(BeNumerically("<", 1024))
		w.Expect(message).To(HaveSuffix("€..."))
	}
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
			result, _, err := w.reconcile()
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
