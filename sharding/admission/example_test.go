// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package admission_test

import (
	"context"
	"crypto/tls"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/timebertt/kubernetes-controller-sharding/sharding"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission/certificate"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/shard"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/sharder"
)

// An operator that embeds its sharder answers the webhook on every instance, and tells the API server to ask behind the
// Service example in its namespace.
func Example_operator() {
	const namespace = "example-system"
	ring := sharding.Ring{Name: "example", Kinds: []sharding.Kind{{Main: &appsv1.Deployment{}}}}
	config := ctrl.GetConfigOrDie()

	certificates, err := certificate.NewForConfig(config, certificate.Options{
		Secret: types.NamespacedName{Namespace: namespace, Name: "example-webhook"}, Hosts: []string{"example." + namespace + ".svc"},
	})
	check(err)
	self, err := shard.New(ring, shard.Options{Namespace: namespace})
	check(err)
	mgr, err := self.NewManager(config, ctrl.Options{WebhookServer: webhook.NewServer(webhook.Options{
		TLSOpts: []func(*tls.Config){func(config *tls.Config) { config.GetCertificate = certificates.GetCertificate }},
	})})
	check(err)
	check(mgr.Add(certificates))
	check(sharder.AddToManager(mgr, config, ring, sharder.Options{Namespace: namespace, WebhookServer: mgr.GetWebhookServer()}))

	// Whenever there is another certificate to trust, and at the start. The manager's client would watch all configurations.
	declared, err := admission.Declared(ring, mgr.GetScheme(), mgr.GetRESTMapper(), nil)
	check(err)
	direct, err := client.New(config, client.Options{})
	check(err)
	changed := make(chan struct{}, 1)
	certificates.OnChange(func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	check(mgr.Add(manager.RunnableFunc(func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-changed:
			}
			if _, err := admission.Apply(ctx, direct, admission.WebhookConfiguration(declared, admission.WebhookOptions{
				ExcludedNamespaces: []string{namespace},
				Server: admission.Server{
					Service:  &admissionregistrationv1.ServiceReference{Namespace: namespace, Name: "example"},
					CABundle: certificates.CABundle(),
				},
			})); err != nil {
				return err
			}
		}
	})))
	check(mgr.Start(ctrl.SetupSignalHandler()))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
