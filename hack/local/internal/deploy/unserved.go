// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"context"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/ingressclass"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// unserved tells why no ingress controller may serve the websites. What cannot be found out is left out.
func (d *Deploy) unserved(ctx context.Context) []string {
	objects, err := d.installed(ctx)
	if err != nil {
		return nil
	}
	files, err := manifests.ConfigFiles(objects, operator.Name)
	if err != nil {
		return nil
	}
	settings, err := ingressclass.SettingsOf(files)
	if err != nil {
		return nil
	}
	classes, ingresses := &networkingv1.IngressClassList{}, &networkingv1.IngressList{}
	if d.target.Client.List(ctx, classes) != nil ||
		d.target.Client.List(ctx, ingresses, client.MatchingLabels{"app.kubernetes.io/managed-by": operator.Name}) != nil {
		return nil
	}
	problem := ingressclass.Situation{Settings: settings, Classes: classes.Items, Ingresses: ingresses.Items}.Problem()
	if problem == "" {
		return nil
	}
	return []string{problem}
}
