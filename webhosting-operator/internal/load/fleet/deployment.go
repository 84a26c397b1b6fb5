// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// annotationRestarted is the one that kubectl sets, too.
	annotationRestarted = "kubectl.kubernetes.io/restartedAt"
	// lookEvery is how often it is looked whether a Deployment has come to rest.
	lookEvery = 500 * time.Millisecond
)

// Deployment is instances that are the pods of a Deployment.
type Deployment struct {
	Client client.Client
	Clock  clock.WithTicker
	// Key is the Deployment.
	Key types.NamespacedName
	// Timeout is how long it may take to come to rest.
	Timeout time.Duration
}

var _ Fleet = Deployment{}

// Shards implements Fleet. A pod's name is that of its shard.
func (d Deployment) Shards(ctx context.Context) ([]string, error) {
	deployment, err := d.get(ctx)
	if err != nil {
		return nil, err
	}
	selector, err := metav1.LabelSelectorAsSelector(deployment.Spec.Selector)
	if err != nil {
		return nil, fmt.Errorf("reading the selector of the Deployment %s: %w", d.Key, err)
	}
	pods := &corev1.PodList{}
	if err := d.Client.List(ctx, pods, client.InNamespace(d.Key.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, fmt.Errorf("listing the pods of the Deployment %s: %w", d.Key, err)
	}
	var names []string
	for i := range pods.Items {
		if pod := &pods.Items[i]; pod.DeletionTimestamp == nil && isReady(pod) {
			names = append(names, pod.Name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func isReady(pod *corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// Scale implements Fleet.
func (d Deployment) Scale(ctx context.Context, shards int) error {
	if err := d.patch(ctx, map[string]any{"spec": map[string]any{"replicas": shards}}); err != nil {
		return err
	}
	return d.settle(ctx)
}

// Kill implements Fleet. The Deployment replaces the pod at once.
func (d Deployment) Kill(ctx context.Context, shard string) error {
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: d.Key.Namespace, Name: shard}}
	if err := d.Client.Delete(ctx, pod, client.GracePeriodSeconds(0)); err != nil {
		return fmt.Errorf("killing the pod %s: %w", shard, err)
	}
	return nil
}

// Restore implements Fleet. There is nothing to do but to wait.
func (d Deployment) Restore(ctx context.Context) error { return d.settle(ctx) }

// Restart implements Fleet.
func (d Deployment) Restart(ctx context.Context) error {
	err := d.patch(ctx, map[string]any{"spec": map[string]any{"template": map[string]any{"metadata": map[string]any{
		"annotations": map[string]any{annotationRestarted: d.Clock.Now().UTC().Format(time.RFC3339Nano)},
	}}}})
	if err != nil {
		return err
	}
	return d.settle(ctx)
}

func (d Deployment) get(ctx context.Context) (*appsv1.Deployment, error) {
	deployment := &appsv1.Deployment{}
	if err := d.Client.Get(ctx, d.Key, deployment); err != nil {
		return nil, fmt.Errorf("looking at the Deployment %s: %w", d.Key, err)
	}
	return deployment, nil
}

func (d Deployment) patch(ctx context.Context, patch map[string]any) error {
	content, err := json.Marshal(patch)
	if err != nil {
		return fmt.Errorf("changing the Deployment %s: %w", d.Key, err)
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: d.Key.Namespace, Name: d.Key.Name}}
	if err := d.Client.Patch(ctx, deployment, client.RawPatch(types.MergePatchType, content)); err != nil {
		return fmt.Errorf("changing the Deployment %s: %w", d.Key, err)
	}
	return nil
}

// settle waits until exactly the wanted pods are there, up to date and available.
func (d Deployment) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, d.Timeout)
	defer cancel()
	ticker := d.Clock.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		deployment, err := d.get(ctx)
		if err != nil {
			return err
		}
		status, wanted := deployment.Status, ptr.Deref(deployment.Spec.Replicas, 1)
		if status.ObservedGeneration >= deployment.Generation && status.Replicas == wanted &&
			status.UpdatedReplicas == wanted && status.AvailableReplicas == wanted {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting for the Deployment %s, of which %d of %d pods are up to date and %d available: %w",
				d.Key, status.UpdatedReplicas, wanted, status.AvailableReplicas, ctx.Err())
		case <-ticker.C():
		}
	}
}
