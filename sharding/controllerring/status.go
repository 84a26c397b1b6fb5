// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

// maxNote is how long the text of an event may be.
const maxNote = 1024

// findings are what the status is made of.
type findings struct {
	// known says that the shards were looked at, without which there is nothing to say.
	known    bool
	view     view
	problems []problem
	remarks  []string
}

func (r *Reconciler) findings(ctx context.Context, member *member, spec resolved, failure, webhook error) findings {
	f := findings{known: member.shards.Synced(), view: member.view(), problems: spec.problems}
	if failure != nil {
		f.problems = append(f.problems, problem{
			reason: shardingv1alpha1.ReasonSharderFailed, message: fmt.Sprintf("the sharder gave up, and tries again: %v", failure),
		})
	}
	f.problems = append(f.problems, problemsOf(member.resourceProblems())...)
	f.problems = append(f.problems, problemsOfShards(f.view)...)
	if spec.scope.Namespaces != nil && r.noNamespaceMatches(ctx, client.MatchingLabelsSelector{Selector: spec.scope.Namespaces}) {
		f.remarks = append(f.remarks, "spec.namespaceSelector matches no namespace at present")
	}
	if webhook != nil {
		f.remarks = append(f.remarks, fmt.Sprintf(
			"objects are assigned only after they were created, because the webhook is not configured: %v", webhook))
	}
	return f
}

func (r *Reconciler) noNamespaceMatches(ctx context.Context, selector client.ListOption) bool {
	namespaces := &metav1.PartialObjectMetadataList{}
	namespaces.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("NamespaceList"))
	err := r.client.List(ctx, namespaces, selector, client.Limit(1), client.UnsafeDisableDeepCopy)
	return err == nil && len(namespaces.Items) == 0
}

// writeStatus writes the status if it says something new, and an event if there is a new reason why.
func (r *Reconciler) writeStatus(ctx context.Context, ring *shardingv1alpha1.ControllerRing, f findings) error {
	if !f.known {
		return nil
	}
	updated := ring.DeepCopy()
	updated.Status.ObservedGeneration = ring.Generation
	updated.Status.Shards = int32(f.view.shards)             //nolint:gosec // nobody runs that many
	updated.Status.AvailableShards = int32(f.view.available) //nolint:gosec // nobody runs that many
	condition := readyCondition(ring.Generation, f.problems, f.remarks)
	condition.LastTransitionTime = metav1.NewTime(r.clock.Now())
	meta.SetStatusCondition(&updated.Status.Conditions, condition)

	exposeReady(ring.Name, condition.Status == metav1.ConditionTrue)
	if equality.Semantic.DeepEqual(ring.Status, updated.Status) {
		return nil
	}
	if err := r.client.Status().Update(ctx, updated); err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	before := meta.FindStatusCondition(ring.Status.Conditions, shardingv1alpha1.ConditionReady)
	if before == nil || before.Reason != condition.Reason {
		kind := corev1.EventTypeWarning
		if condition.Status == metav1.ConditionTrue {
			kind = corev1.EventTypeNormal
		}
		r.recorder.Eventf(ring, nil, kind, condition.Reason, "Shard", "%s", strings.ToValidUTF8(condition.Message[:min(len(condition.Message), maxNote)], ""))
	}
	return nil
}
