// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package website

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

// indexTheme is the field by which cached Websites are indexed.
const indexTheme = "spec.theme"

func themeOf(obj client.Object) []string {
	return []string{obj.(*v1alpha1.Website).Spec.Theme}
}

// themePriority is the priority of websites that are enqueued for their theme. A theme may have thousands of them, and
// whoever changes one website meanwhile should not have to wait for all others.
const themePriority = -10

// websitesOfTheme enqueues all Websites that use a Theme when it appears, changes or disappears.
func websitesOfTheme(websites client.Reader) handler.EventHandler {
	enqueue := func(ctx context.Context, theme client.Object, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
		list := &v1alpha1.WebsiteList{}
		if err := websites.List(ctx, list, client.MatchingFields{indexTheme: theme.GetName()}, client.UnsafeDisableDeepCopy); err != nil {
			log.FromContext(ctx).Error(err, "listing the websites of a theme", "theme", theme.GetName())
			return
		}
		requests := make([]reconcile.Request, len(list.Items))
		for i := range list.Items {
			requests[i].NamespacedName = types.NamespacedName{Namespace: list.Items[i].Namespace, Name: list.Items[i].Name}
		}
		if prioritized, ok := queue.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
			prioritized.AddWithOpts(priorityqueue.AddOpts{Priority: new(themePriority)}, requests...)
			return
		}
		for _, request := range requests {
			queue.Add(request)
		}
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, e.Object, queue)
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, e.ObjectNew, queue)
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, queue workqueue.TypedRateLimitingInterface[reconcile.Request]) {
			enqueue(ctx, e.Object, queue)
		},
	}
}
