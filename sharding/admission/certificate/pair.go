// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"time"

	"k8s.io/client-go/util/keyutil"
)

// backdated is how much earlier than now a certificate begins to be valid, for API servers whose clocks are slow.
const backdated = time.Hour

// pair is a server's certificate, its key, and the CA certificate that signed it. Nobody has the CA's key, so no other
// certificate is ever trusted along with it.
type pair struct {
	pem    []byte          // the certificate, the CA's, and the key
	serves tls.Certificate // the certificate and the key
	ca     []byte          // the CA's certificate, in PEM
	leaf   *x509.Certificate
}

// newPair makes a pair for the given DNS names and IP addresses.
func newPair(hosts []string, now time.Time, lifetime time.Duration) (pair, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("making the key of a CA: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return pair{}, fmt.Errorf("making a key: %w", err)
	}
	ca := &x509.Certificate{ // a serial number is made for those without
		Subject:               pkix.Name{CommonName: "sharder-webhook-ca", SerialNumber: now.UTC().Format(time.RFC3339Nano)},
		NotBefore:             now.Add(-backdated),
		NotAfter:              now.Add(lifetime),
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}
	leaf := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "sharder-webhook"},
		NotBefore:             ca.NotBefore,
		NotAfter:              ca.NotAfter,
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			leaf.IPAddresses = append(leaf.IPAddresses, ip)
		} else {
			leaf.DNSNames = append(leaf.DNSNames, host)
		}
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey)
	if err != nil {
		return pair{}, fmt.Errorf("making a CA certificate: %w", err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, leaf, ca, key.Public(), caKey)
	if err != nil {
		return pair{}, fmt.Errorf("making a certificate: %w", err)
	}
	keyPEM, err := keyutil.MarshalPrivateKeyToPEM(key)
	if err != nil {
		return pair{}, fmt.Errorf("encoding a key: %w", err)
	}
	p, err := parsePair(bytes.Join([][]byte{encode(leafDER), encode(caDER), keyPEM}, nil))
	if err == nil && (len(hosts) == 0 || !p.covers(hosts)) {
		err = fmt.Errorf("no certificate can be made for the hosts %q", hosts)
	}
	return p, err
}

// parsePair reads what newPair made, and checks that its parts belong together.
func parsePair(content []byte) (pair, error) {
	serves, err := tls.X509KeyPair(content, content)
	if err != nil {
		return pair{}, err
	}
	if len(serves.Certificate) != 2 {
		return pair{}, errors.New("there have to be two certificates, the server's and its CA's")
	}
	ca, err := x509.ParseCertificate(serves.Certificate[1])
	if err != nil {
		return pair{}, fmt.Errorf("reading the CA certificate: %w", err)
	}
	if err := serves.Leaf.CheckSignatureFrom(ca); err != nil {
		return pair{}, fmt.Errorf("checking the CA: %w", err)
	}
	return pair{pem: content, serves: serves, ca: encode(serves.Certificate[1]), leaf: serves.Leaf}, nil
}

func encode(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// made returns when the pair was made, in whole seconds.
func (p pair) made() time.Time { return p.leaf.NotBefore.Add(backdated) }

// covers reports whether the certificate is for all of the hosts.
func (p pair) covers(hosts []string) bool {
	for _, host := range hosts {
		if p.leaf.VerifyHostname(host) != nil {
			return false
		}
	}
	return true
}
