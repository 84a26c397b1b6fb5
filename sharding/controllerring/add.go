// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package controllerring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-logr/logr"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/util/workqueue"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder/lead"
)

const name = "controllerring"

// Options configure what is done with rings. Lead may be empty, which means its defaults; its Log and OnProblems are set
// for each ring.
type Options struct {
	// Namespace is where the sharder itself runs. No webhook is asked about objects there.
	Namespace string
	// Lead configures how the leader assigns and rebalances.
	Lead lead.Options
	// WebhookServer returns how API servers reach the webhook, or false as long as that is not known. Nil means that
	// nobody is to ask: webhook configurations are left alone.
	WebhookServer func() (admission.Server, bool)
	// WebhookServerChanged registers a function to be called whenever WebhookServer returns something else. It may be nil.
	WebhookServerChanged func(func())
}

// AddToManager lets the manager's process shard the rings of the cluster. The manager's scheme has to know ControllerRings,
// and its election is that of the process that leads all rings. It adds the environment to the manager as well.
func AddToManager(mgr manager.Manager, environment *lead.Environment, options Options) (*Rings, error) {
	discovering, err := discovery.NewDiscoveryClientForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("creating a client for discovery: %w", err)
	}
	queue := &queue{}
	rings := newRings(func(ctx context.Context) ([]string, error) { return listRings(ctx, mgr.GetCache()) })
	log := mgr.GetLogger().WithName(name)
	ctx, cancel := context.WithCancel(logr.NewContext(context.Background(), log))
	r := &Reconciler{
		options: options, client: mgr.GetClient(), recorder: mgr.GetEventRecorder(name), clock: clock.RealClock{},
		environment: environment, resources: newResources(discovering, clock.RealClock{}), rings: rings,
		enqueue: queue.add, background: ctx,
	}
	enqueueAll := func() {
		for _, name := range rings.names() {
			queue.add(name)
		}
	}
	r.leadership = &leadership{elected: enqueueAll}
	if options.WebhookServerChanged != nil {
		options.WebhookServerChanged(enqueueAll)
	}
	for _, runnable := range []manager.Runnable{environment, &background{rings: rings, cancel: cancel}, r.leadership} {
		if err := mgr.Add(runnable); err != nil {
			cancel()
			return nil, err
		}
	}

	namespace := builder.WithPredicates(predicate.LabelChangedPredicate{})
	controlled := builder.ControllerManagedBy(mgr).Named(name).
		For(&shardingv1alpha1.ControllerRing{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WatchesMetadata(&corev1.Namespace{}, handler.EnqueueRequestsFromMapFunc(r.ringsThatSelect), namespace).
		WatchesRawSource(queue).
		WithOptions(controller.Options{
			NeedLeaderElection:      new(false),
			MaxConcurrentReconciles: 5,
			SkipNameValidation:      new(true),
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](50*time.Millisecond, 30*time.Second),
		})
	if options.WebhookServer != nil {
		controlled = controlled.Owns(&admissionregistrationv1.MutatingWebhookConfiguration{})
	}
	if err := controlled.Complete(r); err != nil {
		cancel()
		return nil, err
	}
	return rings, nil
}

// listRings returns the names of all rings, or an error before they are known.
func listRings(ctx context.Context, cached cache.Cache) ([]string, error) {
	informer, err := cached.GetInformer(ctx, &shardingv1alpha1.ControllerRing{}, cache.BlockUntilSynced(false))
	if err != nil {
		return nil, err
	}
	if !informer.HasSynced() {
		return nil, errors.New("the ControllerRings are not known yet")
	}
	list := &shardingv1alpha1.ControllerRingList{}
	if err := cached.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(list.Items))
	for i := range list.Items {
		names = append(names, list.Items[i].Name)
	}
	return names, nil
}

// ringsThatSelect returns those that look at the labels of namespaces.
func (r *Reconciler) ringsThatSelect(ctx context.Context, _ client.Object) []reconcile.Request {
	list := &shardingv1alpha1.ControllerRingList{}
	if err := r.client.List(ctx, list, client.UnsafeDisableDeepCopy); err != nil {
		log.FromContext(ctx).Error(err, "Listing rings from the cache failed")
	}
	var requests []reconcile.Request
	for i := range list.Items {
		if list.Items[i].Spec.NamespaceSelector != nil {
			requests = append(requests, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&list.Items[i])})
		}
	}
	return requests
}

// CacheOptions are how the manager caches what this package reads, without which it would cache more than it needs.
func CacheOptions() map[client.Object]cache.ByObject {
	namespace := &metav1.PartialObjectMetadata{}
	namespace.SetGroupVersionKind(corev1.SchemeGroupVersion.WithKind("Namespace"))
	ours, err := labels.Parse(shardingv1alpha1.LabelControllerRing)
	utilruntime.Must(err)
	return map[client.Object]cache.ByObject{
		&admissionregistrationv1.MutatingWebhookConfiguration{}: {Label: ours},
		namespace: {Transform: func(object any) (any, error) {
			if partial, ok := object.(*metav1.PartialObjectMetadata); ok {
				partial.ManagedFields, partial.Annotations = nil, nil
			}
			return object, nil
		}},
	}
}
