// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/util/cert"
	"sigs.k8s.io/controller-runtime/pkg/certwatcher"
)

// Files are a certificate that somebody else keeps in a directory, under the names that Secrets of type kubernetes.io/tls
// have: tls.crt, tls.key and, for who does not let cert-manager inject it, ca.crt. They are read again when they change.
type Files struct {
	watcher  *certwatcher.CertWatcher
	ca       string
	interval time.Duration
	trust
}

// NewFiles returns the certificate in the directory, which has to be there.
func NewFiles(directory string) (*Files, error) {
	watcher, err := certwatcher.New(filepath.Join(directory, "tls.crt"), filepath.Join(directory, "tls.key"))
	if err != nil {
		return nil, fmt.Errorf("reading the certificate: %w", err)
	}
	f := &Files{watcher: watcher, ca: filepath.Join(directory, "ca.crt"), interval: 10 * time.Second}
	watcher.RegisterCallback(func(tls.Certificate) { _ = f.read() }) // they change together, as a rule
	return f, f.read()
}

// NeedLeaderElection returns false: each replica serves.
func (f *Files) NeedLeaderElection() bool { return false }

// Start watches the files until the context ends.
func (f *Files) Start(ctx context.Context) error {
	ended := make(chan error, 1)
	go func() { ended <- f.watcher.Start(ctx) }()
	ticker := time.NewTicker(f.interval)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ticker.C:
			_ = f.read() // a broken bundle is not used; the certificate's own metrics tell of trouble with the directory
		}
	}
}

// read reads the bundle, which may be absent.
func (f *Files) read() error {
	bundle, err := os.ReadFile(f.ca)
	if errors.Is(err, fs.ErrNotExist) {
		bundle, err = nil, nil
	}
	if err == nil && bundle != nil {
		_, err = cert.ParseCertsPEM(bundle)
	}
	if err != nil {
		return fmt.Errorf("reading the CA bundle: %w", err)
	}
	f.set(bundle)
	return nil
}

// GetCertificate implements Source.
func (f *Files) GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	return f.watcher.GetCertificate(hello)
}

// Ready implements Source.
func (f *Files) Ready(*http.Request) error { return nil }
