// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/shard"
	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

// addControllers adds the controllers of the shard, or those of an operator that works alone if the shard is nil.
func addControllers(ctx context.Context, mgr manager.Manager, self *shard.Shard, config *configv1alpha1.WebhostingOperatorConfig) error {
	reconciler := &website.Reconciler{
		Image: config.WebServer.Image,
		Ingress: website.IngressSettings{
			Annotations: config.Ingress.Annotations,
			Hosts:       config.Ingress.Hosts,
			TLS:         config.Ingress.TLS,
			ClassName:   config.Ingress.IngressClassName,
		},
	}
	options := website.Options{Controller: controller.Options{
		MaxConcurrentReconciles: config.Controllers.Website.ConcurrentSyncs,
	}}
	if self != nil {
		shardWebsites(self, mgr, reconciler, &options)
	}
	if err := reconciler.AddToManager(ctx, mgr, options); err != nil {
		return fmt.Errorf("adding the website controller: %w", err)
	}
	return nil
}
