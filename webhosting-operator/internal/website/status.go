// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// updateStatus writes what was found into the website's status, unless somebody else has it now, and tells people of it by an event if they may care. It does nothing if the status says so already.
func (r *Reconciler) updateStatus(ctx context.Context, website *v1alpha1.Website, found verdict) error {
	if alreadySays(website, found) {
		return nil
	}
	// The website may have changed while its objects were applied. If that calls for another reconcile, its status can
	// wait for that one; if the website is gone, or another instance's now, there is none to write.
	latest := &v1alpha1.Website{}
	if err := r.read(ctx, client.ObjectKeyFromObject(website), latest); err != nil {
		return client.IgnoreNotFound(err)
	}
	if latest.UID != website.UID || latest.Generation != website.Generation {
		return nil
	}
	website = latest
	updated := website.DeepCopy()
	setStatus(updated, found, metav1.Time{Time: r.Clock.Now()})

	patch, err := r.statusPatch(website, updated)
	if err != nil {
		return err
	}
	if err := r.Client.Status().Patch(ctx, updated, patch, FieldOwner); err != nil {
		return client.IgnoreNotFound(fmt.Errorf("writing the status: %w", err))
	}
	r.announce(website, found)
	return nil
}

// alreadySays holds if the status tells what was found.
func alreadySays(website *v1alpha1.Website, found verdict) bool {
	ready := meta.FindStatusCondition(website.Status.Conditions, v1alpha1.ConditionReady)
	return ready != nil &&
		website.Status.Phase == found.phase &&
		website.Status.LastTransitionTime != nil &&
		website.Status.ObservedGeneration == website.Generation &&
		ready.Status == found.ready() &&
		ready.ObservedGeneration == website.Generation &&
		ready.Reason == found.reason &&
		ready.Message == found.message
}

func setStatus(website *v1alpha1.Website, found verdict, now metav1.Time) {
	status := &website.Status
	if status.Phase != found.phase || status.LastTransitionTime == nil {
		status.Phase = found.phase
		status.LastTransitionTime = &now
	}
	status.ObservedGeneration = website.Generation

	meta.SetStatusCondition(&status.Conditions, metav1.Condition{
		Type:               v1alpha1.ConditionReady,
		Status:             found.ready(),
		ObservedGeneration: website.Generation,
		LastTransitionTime: now,
		Reason:             found.reason,
		Message:            found.message,
	})
}

// announce makes an event of what went wrong, and of its end. The usual course of things is in the status; an event for
// each of its steps would be another write. website is as it was before.
func (r *Reconciler) announce(website *v1alpha1.Website, found verdict) {
	reasonBefore := ""
	if ready := meta.FindStatusCondition(website.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		reasonBefore = ready.Reason
	}
	if reasonBefore == found.reason {
		return
	}
	switch {
	case isTrouble(found.reason):
		r.Recorder.Eventf(website, nil, corev1.EventTypeWarning, found.reason, "Reconcile", "%s", found.message)
	case found.reason == v1alpha1.ReasonAvailable && isTrouble(reasonBefore):
		r.Recorder.Eventf(website, nil, corev1.EventTypeNormal, found.reason, "Reconcile", "%s", found.message)
	}
}

func isTrouble(reason string) bool {
	switch reason {
	case v1alpha1.ReasonThemeNotFound, v1alpha1.ReasonNameTaken, v1alpha1.ReasonRefused, v1alpha1.ReasonRolloutStuck:
		return true
	default:
		return false
	}
}
