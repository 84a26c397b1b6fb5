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
	// rolloutRefused holds while the API server refuses pods, because of a quota or a policy.
	rolloutRefused
	// rolloutStuck holds if this went on for longer than the Deployment's progress deadline.
	rolloutStuck
	// rolloutComplete holds when there are exactly the wanted pods, and all of them are up to date and available.
	rolloutComplete
)

// progress is how far a Deployment is, and why no further.
type progress struct {
	rollout rollout
	// refusal is what the API server said about the pods that it refuses, if it does.
	refusal string
}

// replicaCounts are the fields of a Deployment that a rollout is judged by.
type replicaCounts struct {
	generation, observedGeneration       int64
	wanted, existing, updated, available int32
	deadlineExceeded, refused            bool
	refusal                              string
}

func (c replicaCounts) progress() progress {
	switch {
	case c.observedGeneration < c.generation:
		return progress{rollout: rolloutUnobserved}
	case c.existing == c.wanted && c.updated == c.wanted && c.available == c.wanted:
		return progress{rollout: rolloutComplete}
	case c.refused:
		return progress{rollout: rolloutRefused, refusal: c.refusal}
	case c.deadlineExceeded:
		return progress{rollout: rolloutStuck}
	default:
		return progress{rollout: rolloutProgressing}
	}
}

func (c *replicaCounts) consider(kind appsv1.DeploymentConditionType, status corev1.ConditionStatus, reason, message string) {
	switch {
	case kind == appsv1.DeploymentProgressing && status == corev1.ConditionFalse && reason == "ProgressDeadlineExceeded":
		c.deadlineExceeded = true
	case kind == appsv1.DeploymentReplicaFailure && status == corev1.ConditionTrue:
		c.refused, c.refusal = true, message
	}
}

// progressOf judges a Deployment from the cache.
func progressOf(d *appsv1.Deployment) progress {
	counts := replicaCounts{
		generation:         d.Generation,
		observedGeneration: d.Status.ObservedGeneration,
		wanted:             ptr.Deref(d.Spec.Replicas, 1),
		existing:           d.Status.Replicas,
		updated:            d.Status.UpdatedReplicas,
		available:          d.Status.AvailableReplicas,
	}
	for _, c := range d.Status.Conditions {
		counts.consider(c.Type, c.Status, c.Reason, c.Message)
	}
	return counts.progress()
}

// progressOfApplied judges a Deployment that was applied right now: the API server's answer is in the configuration.
// For a Deployment that comes from another instance, it is the first thing that this one knows of it.
func progressOfApplied(d *appsv1ac.DeploymentApplyConfiguration) progress {
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
		counts.consider(ptr.Deref(c.Type, ""), ptr.Deref(c.Status, ""), ptr.Deref(c.Reason, ""), ptr.Deref(c.Message, ""))
	}
	return counts.progress()
}
