// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/page"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

const indexTheme = "spec.theme"

type reconciler struct {
	client.Client
	scheme *runtime.Scheme
}

func (r *reconciler) addToManager(ctx context.Context, mgr ctrl.Manager, concurrent int) error {
	err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.Website{}, indexTheme, func(object client.Object) []string {
		return []string{object.(*v1alpha1.Website).Spec.Theme}
	})
	if err != nil {
		return err
	}
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.Website{}).
		Owns(&corev1.ConfigMap{}).
		Owns(&appsv1.Deployment{}).
		Owns(&corev1.Service{}).
		Owns(&networkingv1.Ingress{}).
		Watches(&v1alpha1.Theme{}, handler.EnqueueRequestsFromMapFunc(r.websitesOf)).
		WithOptions(controller.Options{MaxConcurrentReconciles: concurrent}).
		Complete(r)
}

func (r *reconciler) websitesOf(ctx context.Context, theme client.Object) []reconcile.Request {
	websites := &v1alpha1.WebsiteList{}
	if err := r.List(ctx, websites, client.MatchingFields{indexTheme: theme.GetName()}); err != nil {
		return nil
	}
	var requests []reconcile.Request
	for _, website := range websites.Items {
		requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&website)})
	}
	return requests
}

// Reconcile implements reconcile.Reconciler.
func (r *reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	site := &v1alpha1.Website{}
	if err := r.Get(ctx, request.NamespacedName, site); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err)
	}
	if site.DeletionTimestamp != nil {
		return reconcile.Result{}, nil
	}
	theme := &v1alpha1.Theme{}
	if err := r.Get(ctx, client.ObjectKey{Name: site.Spec.Theme}, theme); err != nil {
		if apierrors.IsNotFound(err) {
			return reconcile.Result{}, r.updateStatus(ctx, site, v1alpha1.PhaseError, v1alpha1.ReasonThemeNotFound)
		}
		return reconcile.Result{}, err
	}
	deployment, err := r.apply(ctx, site, theme)
	if err != nil {
		return reconcile.Result{}, err
	}
	status := deployment.Status
	if status.ObservedGeneration < deployment.Generation || status.UpdatedReplicas != *deployment.Spec.Replicas ||
		status.AvailableReplicas != *deployment.Spec.Replicas {
		return reconcile.Result{}, r.updateStatus(ctx, site, v1alpha1.PhasePending, v1alpha1.ReasonRollingOut)
	}
	return reconcile.Result{}, r.updateStatus(ctx, site, v1alpha1.PhaseReady, v1alpha1.ReasonAvailable)
}

// apply brings all objects of the website into the wanted form.
func (r *reconciler) apply(ctx context.Context, site *v1alpha1.Website, theme *v1alpha1.Theme) (*appsv1.Deployment, error) {
	name := website.ServerName(site)
	files, err := page.Render(page.Input{
		Namespace: site.Namespace, Name: site.Name, ServerName: name, Color: theme.Spec.Color, FontFamily: theme.Spec.FontFamily,
	})
	if err != nil {
		return nil, err
	}
	key := metav1.ObjectMeta{Namespace: site.Namespace, Name: name}
	configMap, deployment := &corev1.ConfigMap{ObjectMeta: key}, &appsv1.Deployment{ObjectMeta: key}
	service, ingress := &corev1.Service{ObjectMeta: key}, &networkingv1.Ingress{ObjectMeta: key}
	for _, object := range []struct {
		client.Object
		mutate func()
	}{
		{configMap, func() { configMap.Data = files }},
		{deployment, func() { mutateDeployment(deployment, site, files) }},
		{service, func() { mutateService(service) }},
		{ingress, func() { mutateIngress(ingress, site) }},
	} {
		_, err := controllerutil.CreateOrUpdate(ctx, r.Client, object.Object, func() error {
			object.SetLabels(labels(name))
			object.mutate()
			return controllerutil.SetControllerReference(site, object.Object, r.scheme)
		})
		if err != nil {
			return nil, fmt.Errorf("making %T %s: %w", object.Object, name, err)
		}
	}
	return deployment, nil
}

// updateStatus updates the status if it says something else.
func (r *reconciler) updateStatus(ctx context.Context, site *v1alpha1.Website, phase v1alpha1.WebsitePhase, reason string) error {
	status := metav1.ConditionFalse
	if phase == v1alpha1.PhaseReady {
		status = metav1.ConditionTrue
	}
	changed := meta.SetStatusCondition(&site.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionReady, Status: status, ObservedGeneration: site.Generation, Reason: reason,
	})
	if !changed && site.Status.Phase == phase && site.Status.ObservedGeneration == site.Generation {
		return nil
	}
	if site.Status.Phase != phase {
		site.Status.LastTransitionTime = new(metav1.Now())
	}
	site.Status.Phase, site.Status.ObservedGeneration = phase, site.Generation
	return r.Status().Update(ctx, site)
}
