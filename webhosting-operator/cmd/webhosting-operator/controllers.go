// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/config/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/website"
)

func addControllers(ctx context.Context, mgr manager.Manager, config *configv1alpha1.WebhostingOperatorConfig) error {
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
	if err := reconciler.AddToManager(ctx, mgr, options); err != nil {
		return fmt.Errorf("adding the website controller: %w", err)
	}
	return nil
}
