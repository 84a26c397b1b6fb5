// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	"k8s.io/utils/ptr"
)

// rollout is how far a Deployment is on its way to what its spec says.
type rollout int

const (
	// rolloutUnobserved holds until the Deployment's controller has seen the latest spec.
	rolloutUnobserved rollout = iota
	// rolloutProgressing holds while pods are missing, outdated or not available.
	rolloutProgressing
	// rolloutStuck holds if this went on for longer than the Deployment's progress deadline.
	rolloutStuck
	// rolloutComplete holds when there are exactly the wanted pods, and all of them are up to date and available.
	rolloutComplete
)

// replicaCounts are the fields of a Deployment that a rollout is judged by.
type replicaCounts struct {
	generation, observedGeneration       int64
	wanted, existing, updated, available int32
	deadlineExceeded                     bool
}

func (c replicaCounts) rollout() rollout {
	switch {
	case c.observedGeneration < c.generation:
		return rolloutUnobserved
	case c.existing == c.wanted && c.updated == c.wanted && c.available == c.wanted:
		return rolloutComplete
	case c.deadlineExceeded:
		return rolloutStuck
	default:
		return rolloutProgressing
	}
}

// rolloutOf judges a Deployment from the cache.
func rolloutOf(d *appsv1.Deployment) rollout {
	counts := replicaCounts{
		generation:         d.Generation,
		observedGeneration: d.Status.ObservedGeneration,
		wanted:             ptr.Deref(d.Spec.Replicas, 1),
		existing:           d.Status.Replicas,
		updated:            d.Status.UpdatedReplicas,
		available:          d.Status.AvailableReplicas,
	}
	for _, c := range d.Status.Conditions {
		counts.deadlineExceeded = counts.deadlineExceeded || exceedsDeadline(c.Type, c.Status, c.Reason)
	}
	return counts.rollout()
}

// rolloutOfApplied judges a Deployment that was applied right now: the API server's answer is in the configuration.
// For a Deployment that comes from another instance, it is the first thing that this one knows of it.
func rolloutOfApplied(d *appsv1ac.DeploymentApplyConfiguration) rollout {
	status := ptr.Deref(d.Status, appsv1ac.DeploymentStatusApplyConfiguration{})
	counts := replicaCounts{
		generation:         ptr.Deref(d.Generation, 0),
		observedGeneration: ptr.Deref(status.ObservedGeneration, 0),
		wanted:             ptr.Deref(d.Spec.Replicas, 1),
		existing:           ptr.Deref(status.Replicas, 0),
		updated:            ptr.Deref(status.UpdatedReplicas, 0),
		available:          ptr.Deref(status.AvailableReplicas, 0),
	}
	for _, c := range status.Conditions {
		counts.deadlineExceeded = counts.deadlineExceeded ||
			exceedsDeadline(ptr.Deref(c.Type, ""), ptr.Deref(c.Status, ""), ptr.Deref(c.Reason, ""))
	}
	return counts.rollout()
}

func exceedsDeadline(conditionType appsv1.DeploymentConditionType, status corev1.ConditionStatus, reason string) bool {
	return conditionType == appsv1.DeploymentProgressing && status == corev1.ConditionFalse &&
		reason == "ProgressDeadlineExceeded"
}
