// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/lead"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/scope"
)

// failedRetry is how long a ring waits whose leading sharder gave up.
const failedRetry = 30 * time.Second

// Reconciler brings about what one ring asks for at a time.
type Reconciler struct {
	options     Options
	client      client.Client // reads from the cache
	recorder    events.EventRecorder
	clock       clock.PassiveClock
	environment *lead.Environment
	resources   *resources
	rings       *Rings
	leadership  *leadership
	enqueue     func(ring string)
	background  context.Context // of what runs for rings
}

// Reconcile looks at the ring of the given name.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	ring := &shardingv1alpha1.ControllerRing{}
	err := r.client.Get(ctx, request.NamespacedName, ring)
	if apierrors.IsNotFound(err) || err == nil && !ring.DeletionTimestamp.IsZero() {
		return reconcile.Result{}, r.remove(ctx, request.Name)
	}
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("reading the ring: %w", err)
	}

	member := r.rings.get(ring.Name)
	if member == nil {
		log := log.FromContext(r.background).WithValues("ring", ring.Name)
		member = join(logr.NewContext(r.background, log), r.environment, ring.Name, func() { r.enqueue(ring.Name) })
		r.rings.add(ring.Name, member)
		log.Info("Began to serve a ring")
	}
	spec := resolve(ring, func(resource schema.GroupResource) (served, *notServed) { return r.resources.find(ctx, resource) })
	member.serve(spec)

	result := reconcile.Result{}
	if !spec.retryAt.IsZero() {
		result.RequeueAfter = max(spec.retryAt.Sub(r.clock.Now()), time.Millisecond)
	}
	if !r.leadership.leads() {
		return result, nil
	}
	failure := r.lead(member, spec.scope)
	if failure != nil {
		result.RequeueAfter = failedRetry
	}
	webhook := r.configureWebhook(ctx, ring, *member.admission.Load())
	written := r.writeStatus(ctx, ring, r.findings(ctx, member, spec, failure, webhook))
	if apierrors.IsConflict(written) {
		return reconcile.Result{RequeueAfter: time.Second}, nil // somebody else wrote; what was read is about to be replaced
	}
	return result, errors.Join(webhook, client.IgnoreNotFound(written))
}

// lead makes sure that this process leads the ring in the scope. The error is why it gave up before.
func (r *Reconciler) lead(member *member, wanted scope.Scope) error {
	member.steering.Lock()
	defer member.steering.Unlock()
	if member.left {
		return nil
	}
	var failure error
	if member.lead != nil {
		failure = member.lead.failure()
		if failure == nil && sameScope(member.lead.scope, wanted) {
			return nil
		}
		member.lead.end()
		member.noteProblems(nil)
	}
	options := r.options.Lead
	options.Log = member.log
	options.OnProblems = func(found []scope.Problem) {
		for _, group := range member.noteProblems(found) {
			r.resources.forget(group)
		}
		r.enqueue(wanted.Ring)
	}
	member.lead = r.leadership.begin(wanted, func(ctx context.Context) error {
		defer r.enqueue(wanted.Ring)
		return lead.Ring(ctx, r.environment, wanted, member.shards, options)
	})
	return failure
}

// remove ends all that there is because of a ring that is no more.
func (r *Reconciler) remove(ctx context.Context, name string) error {
	if member := r.rings.remove(name); member != nil {
		member.leave()
		member.log.Info("A ring is no more")
	}
	admission.Forget(name)
	hideReady(name)
	if !r.leadership.leads() {
		return nil
	}
	return r.removeWebhook(ctx, name)
}
