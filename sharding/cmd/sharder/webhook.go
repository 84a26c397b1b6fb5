// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"strconv"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	ctrlwebhook "sigs.k8s.io/controller-runtime/pkg/webhook"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission"
	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission/certificate"
	configv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/config/v1alpha1"
)

// webhook is how this process is asked about objects. It is nil if it is not.
type webhook struct {
	config      *configv1alpha1.Webhook
	namespace   string
	certificate certificate.Source
}

func newWebhook(restConfig *rest.Config, config *configv1alpha1.SharderConfig) (*webhook, error) {
	if config.Webhook.BindAddress == "0" {
		return nil, nil
	}
	w := &webhook{config: &config.Webhook, namespace: config.Namespace}
	var err error
	switch config.Webhook.Certificate.Mode {
	case configv1alpha1.CertificateProvided:
		w.certificate, err = certificate.NewFiles(config.Webhook.Certificate.Directory)
	default:
		w.certificate, err = certificate.NewForConfig(restConfig, certificate.Options{
			Secret: types.NamespacedName{Namespace: config.Namespace, Name: config.Webhook.Certificate.SecretName},
			Hosts:  w.hosts(),
		})
	}
	if err != nil {
		return nil, fmt.Errorf("preparing the certificate of the webhook: %w", err)
	}
	return w, nil
}

// hosts are the names by which API servers reach the webhook.
func (w *webhook) hosts() []string {
	if w.config.URL != "" {
		if parsed, err := url.Parse(w.config.URL); err == nil {
			return []string{parsed.Hostname()}
		}
	}
	service := w.config.ServiceName + "." + w.namespace
	return []string{service + ".svc", service + ".svc.cluster.local", service}
}

// server returns how API servers reach the webhook, or false as long as there is nothing by which they could know it.
func (w *webhook) server() (admission.Server, bool) {
	server := admission.Server{URL: w.config.URL, InjectCAFrom: w.config.Certificate.InjectCAFrom, CABundle: w.certificate.CABundle()}
	if server.URL == "" {
		server.Service = &admissionregistrationv1.ServiceReference{Namespace: w.namespace, Name: w.config.ServiceName}
	}
	return server, server.InjectCAFrom != "" || len(server.CABundle) > 0
}

// newServer returns the manager's server, or nil, in which case the manager makes one that never starts.
func (w *webhook) newServer() ctrlwebhook.Server {
	if w == nil {
		return nil
	}
	host, port, err := net.SplitHostPort(w.config.BindAddress)
	if err != nil {
		return nil // which was validated
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil
	}
	return ctrlwebhook.NewServer(ctrlwebhook.Options{Host: host, Port: number, TLSOpts: []func(*tls.Config){func(c *tls.Config) {
		c.MinVersion = tls.VersionTLS13
		c.GetCertificate = w.certificate.GetCertificate
	}}})
}

// addToManager serves the webhook, on every replica.
func (w *webhook) addToManager(mgr manager.Manager, rings admission.Rings) error {
	if w == nil {
		return nil
	}
	if err := mgr.Add(w.certificate); err != nil {
		return fmt.Errorf("adding the certificate of the webhook: %w", err)
	}
	admission.Register(mgr.GetWebhookServer(), rings, mgr.GetLogger())
	if err := mgr.AddReadyzCheck("webhook", mgr.GetWebhookServer().StartedChecker()); err != nil {
		return fmt.Errorf("adding the readiness check of the webhook: %w", err)
	}
	return nil
}
