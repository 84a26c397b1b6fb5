// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"context"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// ControllerName is the name of the controller in metrics, logs and events.
const ControllerName = "website"

const (
	// Retries of a website that cannot be reconciled start soon, since most errors are short, and go on about once a
	// minute, since nobody tells the operator that a quota or a policy has changed.
	firstRetry, slowestRetry = 50 * time.Millisecond, time.Minute

	// reconcileTimeout ends a reconcile whose requests are never answered or whose cache has lost its connection.
	reconcileTimeout = 30 * time.Second
)

// Options are how the controller is added to a manager. The zero value is valid.
type Options struct {
	// Controller is passed on. RateLimiter, ReconciliationTimeout and LogConstructor have defaults of this package.
	Controller controller.Options
	// WrapReconciler returns the reconciler that is called instead of the given one. Default: the given one.
	WrapReconciler func(reconcile.Reconciler) reconcile.Reconciler
	// WrapPredicate returns the predicate on events of Websites that is used instead of the given one. Default: the given
	// one.
	WrapPredicate func(predicate.Predicate) predicate.Predicate
}

// AddToManager adds the controller to a manager, whose cache and client must be made with CacheOptions and
// ClientOptions.
func (r *Reconciler) AddToManager(ctx context.Context, mgr manager.Manager, options Options) error {
	if r.Client == nil {
		r.Client = mgr.GetClient()
	}
	if r.Live == nil {
		r.Live = mgr.GetAPIReader()
	}
	if r.Recorder == nil {
		r.Recorder = mgr.GetEventRecorder(ControllerName)
	}
	if r.Clock == nil {
		r.Clock = clock.RealClock{}
	}
	if r.Image == "" {
		r.Image = DefaultImage
	}

	if err := mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.Website{}, indexTheme, themeOf); err != nil {
		return fmt.Errorf("indexing websites by theme: %w", err)
	}

	reconciler, websiteEvents := reconcile.Reconciler(r), websiteChanged()
	if options.WrapReconciler != nil {
		reconciler = options.WrapReconciler(reconciler)
	}
	if options.WrapPredicate != nil {
		websiteEvents = options.WrapPredicate(websiteEvents)
	}
	b := builder.ControllerManagedBy(mgr).
		Named(ControllerName).
		WithOptions(withDefaults(options.Controller, mgr.GetLogger())).
		For(&v1alpha1.Website{}, builder.WithPredicates(websiteEvents)).
		Watches(&v1alpha1.Theme{}, websitesOfTheme(mgr.GetCache()), builder.WithPredicates(themeChanged()))
	for _, kind := range ControlledKinds() {
		b.Owns(kind, builder.WithPredicates(controlledChanged()))
	}
	return b.Complete(reconciler)
}

func withDefaults(options controller.Options, logger logr.Logger) controller.Options {
	if options.RateLimiter == nil {
		options.RateLimiter = workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, slowestRetry)
	}
	if options.ReconciliationTimeout == 0 {
		options.ReconciliationTimeout = reconcileTimeout
	}
	if options.LogConstructor == nil {
		logger = logger.WithName(ControllerName)
		options.LogConstructor = func(request *reconcile.Request) logr.Logger {
			if request == nil {
				return logger
			}
			return logger.WithValues("website", request.NamespacedName)
		}
	}
	return options
}
