// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package certificate_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"

	"github.com/timebertt/kubernetes-controller-sharding/sharding/admission/certificate"
)

func TestFilesAreReadAgain(t *testing.T) {
	g := NewWithT(t)
	directory := t.TempDir()
	now := time.Now()
	write := func() []byte {
		content, bundle := contentOfSecret(t)
		g.Expect(os.WriteFile(filepath.Join(directory, "ca.crt"), bundle, 0o600)).To(Succeed())
		g.Expect(os.WriteFile(filepath.Join(directory, "tls.key"), content, 0o600)).To(Succeed())
		g.Expect(os.WriteFile(filepath.Join(directory, "tls.crt"), content, 0o600)).To(Succeed())
		return bundle
	}
	first := write()
	files, err := certificate.NewFiles(directory)
	g.Expect(err).NotTo(HaveOccurred())
	changed := make(chan struct{}, 10)
	files.OnChange(func() { changed <- struct{}{} })
	g.Expect(files.CABundle()).To(Equal(first))
	before := served(t, files)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- files.Start(ctx) }()
	second := write()
	g.Eventually(func() bool { return bytes.Equal(served(t, files).Certificate[0], before.Certificate[0]) }, "20s", "50ms").Should(BeFalse())
	g.Eventually(changed, "20s").Should(Receive())
	g.Expect(files.CABundle()).To(Equal(second))
	expectTrusted(t, now, second, served(t, files))

	cancel()
	g.Eventually(ended, "20s").Should(Receive(Succeed()))
}

func TestFilesThatAreMissingOrBroken(t *testing.T) {
	g := NewWithT(t)
	directory := t.TempDir()
	_, err := certificate.NewFiles(directory)
	g.Expect(err).To(MatchError(ContainSubstring("tls.crt")))

	content, _ := contentOfSecret(t)
	for _, name := range []string{"tls.crt", "tls.key"} {
		g.Expect(os.WriteFile(filepath.Join(directory, name), content, 0o600)).To(Succeed())
	}
	files, err := certificate.NewFiles(directory)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(files.CABundle()).To(BeNil(), "cert-manager may inject it")

	g.Expect(os.WriteFile(filepath.Join(directory, "ca.crt"), []byte("garbage"), 0o600)).To(Succeed())
	_, err = certificate.NewFiles(directory)
	g.Expect(err).To(MatchError(ContainSubstring("CA bundle")))
}

// contentOfSecret returns a new certificate with its key, and the CA.
func contentOfSecret(t *testing.T) (content, bundle []byte) {
	t.Helper()
	g := NewWithT(t)
	c := newCluster()
	c.clock.SetTime(time.Now())
	k := c.replica(hosts...)
	look(t, k)
	var secret corev1.Secret
	g.Expect(c.client.Get(t.Context(), secretKey, &secret)).To(Succeed())
	g.Expect(secret.Data).To(HaveLen(1))
	return slices.Collect(maps.Values(secret.Data))[0], k.CABundle()
}
