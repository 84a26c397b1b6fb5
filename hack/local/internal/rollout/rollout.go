// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package rollout waits until Deployments run what they are meant to, and says what is in the way.
package rollout

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// pollInterval is how often it is looked.
	pollInterval = 300 * time.Millisecond
	// patience is how long a trouble that does not go away by itself may last.
	patience = 15 * time.Second
)

// Rollout waits for the Deployment of a name.
type Rollout struct {
	Client    client.Client
	Clientset kubernetes.Interface
	Key       client.ObjectKey
	// Timeout is how long it may take.
	Timeout time.Duration
	// Say is called with what is new.
	Say func(text string)
}

// look is what was seen of a Deployment and its pods.
type look struct {
	deployment *appsv1.Deployment
	pods       []corev1.Pod
}

// Wait waits until all pods of the Deployment are as it wants them, and are ready.
func (r Rollout) Wait(ctx context.Context) error {
	if err := r.tryAgain(ctx); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	var told string
	since := map[string]time.Time{}
	for {
		seen, err := r.look(waiting)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case waiting.Err() != nil:
			return r.failure(ctx, fmt.Sprintf("is not ready after %s", r.Timeout), seen)
		case err != nil:
			return err
		}
		if Complete(seen.deployment) {
			return nil
		}
		troubles := Troubles(seen.deployment, seen.pods)
		if text := describe(seen.deployment, troubles); text != told {
			told = text
			r.Say(text)
		}
		if lasted(since, troubles, time.Now()) {
			return r.failure(ctx, "cannot get ready", seen)
		}
		select {
		case <-waiting.Done():
		case <-time.After(pollInterval):
		}
	}
}

func (r Rollout) look(ctx context.Context) (look, error) {
	seen := look{deployment: &appsv1.Deployment{}}
	if err := r.Client.Get(ctx, r.Key, seen.deployment); err != nil {
		return seen, fmt.Errorf("looking at the Deployment %s: %w", r.Key, err)
	}
	selector, err := metav1.LabelSelectorAsSelector(seen.deployment.Spec.Selector)
	if err != nil {
		return seen, fmt.Errorf("looking for the pods of the Deployment %s: %w", r.Key, err)
	}
	pods := &corev1.PodList{}
	if err := r.Client.List(ctx, pods, client.InNamespace(r.Key.Namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return seen, fmt.Errorf("listing the pods of the Deployment %s: %w", r.Key, err)
	}
	seen.pods = pods.Items
	return seen, nil
}

// Complete reports whether all pods that the Deployment wants are of its latest revision and available, and no others are
// left.
func Complete(deployment *appsv1.Deployment) bool {
	wanted, status := ptr.Deref(deployment.Spec.Replicas, 1), deployment.Status
	return status.ObservedGeneration >= deployment.Generation && status.Replicas == wanted &&
		status.UpdatedReplicas == wanted && status.AvailableReplicas == wanted
}

func describe(deployment *appsv1.Deployment, troubles []Trouble) string {
	ready := min(deployment.Status.UpdatedReplicas, deployment.Status.AvailableReplicas)
	if deployment.Status.ObservedGeneration < deployment.Generation {
		ready = 0 // the status is about what was wanted before
	}
	lines := []string{fmt.Sprintf("%d of %d pods are ready", ready, ptr.Deref(deployment.Spec.Replicas, 1))}
	for _, trouble := range troubles {
		lines = append(lines, trouble.String())
	}
	return strings.Join(lines, "\n  ")
}

// lasted reports whether one of the troubles is there for longer than anybody wants to wait. The map remembers since when
// each is.
func lasted(since map[string]time.Time, troubles []Trouble, now time.Time) bool {
	for key := range since {
		if !slices.ContainsFunc(troubles, func(t Trouble) bool { return t.key() == key }) {
			delete(since, key)
		}
	}
	long := false
	for _, trouble := range troubles {
		if !trouble.Lasting {
			continue
		}
		if _, ok := since[trouble.key()]; !ok {
			since[trouble.key()] = now
		}
		long = long || now.Sub(since[trouble.key()]) >= patience
	}
	return long
}

// failure says all that is known about what is in the way.
func (r Rollout) failure(ctx context.Context, what string, seen look) error {
	var text strings.Builder
	for _, trouble := range Troubles(seen.deployment, seen.pods) {
		fmt.Fprintf(&text, "\n  %s", trouble)
	}
	for i := range seen.pods {
		if !ready(&seen.pods[i]) {
			text.WriteString(r.evidence(ctx, &seen.pods[i]))
		}
	}
	return fmt.Errorf("the Deployment %s %s:%s\nThe cluster goes on trying. When what is wrong is repaired, deploy again", r.Key, what, text.String())
}
