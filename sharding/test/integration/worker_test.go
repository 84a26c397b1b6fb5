// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// worker is a small but complete controller: each Deployment controls a ConfigMap of the same name, in which its number
// of replicas is written down.
type worker struct {
	client client.Client
	labels map[string]string

	mu     sync.Mutex
	asleep chan struct{}
	hangs  []string // the names of what is reconciled while asleep
	thinks time.Duration
}

func (w *worker) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	deployment := &appsv1.Deployment{}
	if err := w.client.Get(ctx, request.NamespacedName, deployment); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	data := map[string]string{"replicas": replicas(deployment)}

	current := &corev1.ConfigMap{}
	err := w.client.Get(ctx, request.NamespacedName, current)
	if client.IgnoreNotFound(err) != nil || err == nil && maps.Equal(current.Data, data) {
		return reconcile.Result{}, err
	}
	w.mu.Lock()
	asleep, thinks := w.asleep, w.thinks
	w.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-time.After(thinks):
	}
	if asleep != nil {
		w.mu.Lock()
		w.hangs = append(w.hangs, request.Name)
		w.mu.Unlock()
		<-asleep // like a call that never returns, this does not care about the context
	}

	wanted := v1.ConfigMap(deployment.Name, deployment.Namespace).
		WithLabels(w.labels).
		WithData(data).
		WithOwnerReferences(metav1ac.OwnerReference().
			WithAPIVersion("apps/v1").WithKind("Deployment").WithName(deployment.Name).WithUID(deployment.UID).WithController(true))
	return reconcile.Result{}, w.client.Apply(ctx, wanted, client.FieldOwner("worker"), client.ForceOwnership)
}

// think makes every reconcile take so long between reading and writing.
func (w *worker) think(thinks time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.thinks = thinks
}

// sleep makes all reconciles hang between reading and writing, until wake.
func (w *worker) sleep() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.asleep, w.hangs = make(chan struct{}), nil
}

// hanging returns the names of the objects whose reconciles hang since sleep.
func (w *worker) hanging() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.hangs)
}

func (w *worker) wake() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.asleep != nil {
		close(w.asleep)
		w.asleep = nil
	}
}
