// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package certificate provides the certificate by which the webhook's server identifies itself, and the CA bundle by which
// API servers know it. There are two ways, both of them a Source:
//
//   - Keeper makes certificates itself. All replicas share them through a Secret, and none of them has to lead for that.
//   - Files reads what somebody else keeps, such as cert-manager.
package certificate

import (
	"crypto/tls"
	"net/http"

	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// Source provides a server's certificate. It has to be started, on every replica.
type Source interface {
	manager.Runnable
	// GetCertificate returns the certificate to serve with. It fails as long as there is none.
	GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	// CABundle returns the CA certificates that API servers are to trust, in PEM, or nil if that is not known (yet).
	CABundle() []byte
	// OnChange has the function called whenever the bundle has changed. It must not block.
	OnChange(func())
	// Ready fails as long as there is no certificate. It is a health check.
	Ready(*http.Request) error
}

var (
	_ Source = &Keeper{}
	_ Source = &Files{}
)
