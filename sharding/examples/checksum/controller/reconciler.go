// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controller

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/shard"
)

const (
	name = "checksum-controller"
	// nameSuffix makes the name of a ConfigMap from that of its Secret.
	nameSuffix = "-checksum"
	// dataKey is the key of the checksum in the ConfigMap.
	dataKey = "sha256"

	conflictDelay = 50 * time.Millisecond
	takenDelay    = 5 * time.Minute
)

// Reconciler writes the ConfigMap of a Secret.
type Reconciler struct {
	client.Client
	// Direct reads what is not in this shard's cache.
	Direct   client.Reader
	Recorder events.EventRecorder
	// Labels go on every ConfigMap, so that the shard sees it.
	Labels map[string]string
}

var _ reconcile.Reconciler = &Reconciler{}

// AddToManager adds the controller of the given shard to its manager.
func AddToManager(mgr manager.Manager, self *shard.Shard) error {
	r := &Reconciler{Client: mgr.GetClient(), Direct: mgr.GetAPIReader(), Recorder: mgr.GetEventRecorder(name), Labels: self.Labels()}
	return builder.ControllerManagedBy(mgr).Named(name).
		For(&corev1.Secret{}, builder.WithPredicates(self.Predicate())).
		Owns(&corev1.ConfigMap{}).
		Complete(self.Reconciler(mgr.GetClient(), &corev1.Secret{}, r))
}

// Reconcile writes the ConfigMap if it does not hold the checksum of the Secret.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	secret := &corev1.Secret{}
	if err := r.Get(ctx, request.NamespacedName, secret); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if !secret.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, nil // the garbage collector deletes the ConfigMap
	}

	current, err := r.current(ctx, secret)
	if err != nil {
		return reconcile.Result{}, err
	}
	checksum := string(secret.Data[reducedKey])
	switch {
	case current.UID != "" && !metav1.IsControlledBy(current, secret):
		r.Recorder.Eventf(secret, current, corev1.EventTypeWarning, "NameTaken", "Reconcile",
			"ConfigMap %s belongs to somebody else, so there is no place for the checksum", current.Name)
		return reconcile.Result{RequeueAfter: takenDelay}, nil
	case current.Data[dataKey] == checksum && r.labelled(current):
		return reconcile.Result{}, nil
	}

	err = r.Apply(ctx, r.wanted(secret, current, checksum), client.FieldOwner(name), client.ForceOwnership)
	switch {
	case apierrors.IsConflict(err):
		return reconcile.Result{RequeueAfter: conflictDelay}, nil
	case apierrors.IsInvalid(err): // immutable, or its name would be too long: trying again does not help
		r.Recorder.Eventf(secret, current, corev1.EventTypeWarning, "CannotWrite", "Reconcile", "%v", err)
		return reconcile.Result{}, reconcile.TerminalError(err)
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("applying ConfigMap %s: %w", current.Name, err)
	}
	return reconcile.Result{}, nil
}

// current returns the ConfigMap as it is. It has no UID if there is none. One that is not in the cache is new, or another
// shard's, or not of this controller at all.
func (r *Reconciler) current(ctx context.Context, secret *corev1.Secret) (*corev1.ConfigMap, error) {
	current := &corev1.ConfigMap{}
	current.Namespace, current.Name = secret.Namespace, secret.Name+nameSuffix
	err := r.Get(ctx, client.ObjectKeyFromObject(current), current)
	if apierrors.IsNotFound(err) {
		err = r.Direct.Get(ctx, client.ObjectKeyFromObject(current), current)
	}
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading ConfigMap %s: %w", current.Name, err)
	}
	current.Namespace, current.Name = secret.Namespace, secret.Name+nameSuffix // a failed read may have emptied them
	return current, nil
}

func (r *Reconciler) labelled(configMap *corev1.ConfigMap) bool {
	return labels.SelectorFromSet(r.Labels).Matches(labels.Set(configMap.Labels))
}

// wanted carries the version that was decided on, where there is one.
func (r *Reconciler) wanted(secret *corev1.Secret, current *corev1.ConfigMap, checksum string) *corev1ac.ConfigMapApplyConfiguration {
	wanted := corev1ac.ConfigMap(current.Name, current.Namespace).
		WithLabels(r.Labels).
		WithData(map[string]string{dataKey: checksum}).
		WithOwnerReferences(metav1ac.OwnerReference().WithAPIVersion("v1").WithKind("Secret").
			WithName(secret.Name).WithUID(secret.UID).WithController(true))
	if current.UID != "" {
		wanted.WithResourceVersion(current.ResourceVersion)
	}
	return wanted
}
