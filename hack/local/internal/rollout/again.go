// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package rollout

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// annotationAgain on a ReplicaSet is when it was last told to try again.
const annotationAgain = "webhosting.timebertt.dev/try-again"

// tryAgain has the cluster create pods that were refused before. It waits longer each time by itself, in the end for minutes,
// so what has been repaired meanwhile would look as if it had not. A change of the ReplicaSet has it try at once.
func (r Rollout) tryAgain(ctx context.Context) error {
	seen, err := r.look(ctx)
	if err != nil || !refused(seen.deployment) {
		return err
	}
	selector, err := metav1.LabelSelectorAsSelector(seen.deployment.Spec.Selector)
	if err != nil {
		return fmt.Errorf("looking for the ReplicaSets of the Deployment %s: %w", r.Key, err)
	}
	sets := &appsv1.ReplicaSetList{}
	if err := r.Client.List(ctx, sets, client.InNamespace(r.Key.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return fmt.Errorf("listing the ReplicaSets of the Deployment %s: %w", r.Key, err)
	}
	patch := fmt.Appendf(nil, `{"metadata":{"annotations":{%q:%q}}}`, annotationAgain, time.Now().UTC().Format(time.RFC3339Nano))
	for i := range sets.Items {
		set := &sets.Items[i]
		if err := client.IgnoreNotFound(r.Client.Patch(ctx, set, client.RawPatch(types.MergePatchType, patch))); err != nil {
			return fmt.Errorf("having the ReplicaSet %s try again: %w", set.Name, err)
		}
	}
	return nil
}
