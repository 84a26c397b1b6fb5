// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package website holds the controller of Websites: for each one it keeps a ConfigMap, a Deployment, a Service and an
// Ingress as they should be, and says in the Website's status how far it got.
//
// A reconcile is short. It reads from caches only, applies what differs, writes the status if it changed, and never
// waits: whatever has to happen elsewhere is seen as an event later. Reading caches that lag behind the own writes
// would have it apply everything twice, so its client must be one that is made with ClientOptions.
package website

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// FieldOwner is the name under which the operator owns the fields that it applies.
const FieldOwner = client.FieldOwner("webhosting-operator")

// Reconciler reconciles Websites. Client, Live, Recorder and Clock are set by AddToManager where they are left empty.
type Reconciler struct {
	// Client reads from caches that show its own writes, see ClientOptions.
	Client client.Client
	// Live reads from the API server, what the caches do not show.
	Live client.Reader
	// Recorder takes the events.
	Recorder events.EventRecorder
	// Clock tells the time of transitions.
	Clock clock.PassiveClock

	// Image is what the Deployments run. Default: DefaultImage.
	Image string
	// Ingress is what all Ingress objects have in common.
	Ingress IngressSettings
	// ControlledLabels are set on every controlled object, beside the operator's own labels, but not on pods: an instance
	// that takes websites over from another one must not restart their pods. Default: none.
	ControlledLabels map[string]string

	unobserved waiting
	takeovers  takeovers
}

var _ reconcile.Reconciler = &Reconciler{}

// +kubebuilder:rbac:groups=webhosting.timebertt.dev,resources=websites;themes,verbs=list;watch
// +kubebuilder:rbac:groups=webhosting.timebertt.dev,resources=websites/status,verbs=patch
// +kubebuilder:rbac:groups=webhosting.timebertt.dev,resources=websites/finalizers,verbs=update
// +kubebuilder:rbac:groups="",resources=configmaps;services,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=ingresses,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile implements reconcile.Reconciler.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	website := &v1alpha1.Website{}
	if err := r.read(ctx, request.NamespacedName, website); err != nil {
		r.unobserved.end(request.NamespacedName)
		return retry(ctx, client.IgnoreNotFound(err))
	}

	found, err := r.reconcile(ctx, website)
	if err != nil {
		if result, failure := retry(ctx, err); failure == nil {
			return result, nil
		}
		found = verdictOnFailure(err)
		if found.phase == v1alpha1.PhasePending && website.Status.Phase != "" {
			// Another attempt will do, and what is in the status still holds.
			return reconcile.Result{}, err
		}
	}

	if !found.tentative {
		r.unobserved.end(request.NamespacedName)
	} else if left := r.unobserved.left(request.NamespacedName, r.Clock.Now()); left > 0 {
		return reconcile.Result{RequeueAfter: left}, nil
	}
	if statusErr := r.updateStatus(ctx, website, found); statusErr != nil {
		return retry(ctx, statusErr)
	}
	return reconcile.Result{}, err
}

// reconcile brings the website's objects into the wanted form.
func (r *Reconciler) reconcile(ctx context.Context, website *v1alpha1.Website) (verdict, error) {
	if website.DeletionTimestamp != nil {
		return deleted, nil
	}

	theme := &v1alpha1.Theme{}
	if err := r.read(ctx, client.ObjectKey{Name: website.Spec.Theme}, theme); err != nil {
		if apierrors.IsNotFound(err) {
			return themeNotFound(website.Spec.Theme), nil
		}
		return verdict{}, fmt.Errorf("reading theme %q: %w", website.Spec.Theme, err)
	}

	s, err := newSite(website, theme)
	if err != nil {
		return verdict{}, err
	}
	takesOver, err := r.takesOver(ctx, s)
	if err != nil {
		return verdict{}, err
	}
	if takesOver {
		now := r.Clock.Now()
		if wait, began := r.takeovers.begin(now); !began {
			return verdict{}, takeoverWaits(wait)
		}
		defer func() { r.takeovers.end(r.Clock.Since(now)) }()
	}
	seen, err := r.applyAll(ctx, s)
	if err != nil {
		return verdict{}, err
	}
	return verdictOn(seen, s.serverName), nil
}

// read reads an object that the caller does not change, so the cached one need not be copied.
func (r *Reconciler) read(ctx context.Context, key client.ObjectKey, object client.Object) error {
	return r.Client.Get(ctx, key, object, client.UnsafeDisableDeepCopy)
}
