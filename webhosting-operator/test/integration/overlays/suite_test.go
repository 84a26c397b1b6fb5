// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package overlays_test applies the overlays to a real API server and runs the program there as its ServiceAccount, so
// that roles, bindings and configuration files are those that a cluster gets.
package overlays_test

import (
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

const namespace = "webhosting-system"

func TestOverlays(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Overlays")
}

var (
	restConfig *rest.Config
	// admin may do everything.
	admin client.Client
	// kubeconfig is the admin's, for kubectl.
	kubeconfig []byte
	// program is the path of the built operator.
	program string
	// auditLog is where the API server says who asked for what.
	auditLog string
)

var _ = BeforeSuite(func() {
	SetDefaultEventuallyTimeout(time.Minute) // far more than it takes, even on a busy machine
	SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	log.SetLogger(GinkgoLogr)

	var err error
	program, err = gexec.Build("github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/cmd/webhosting-operator")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(gexec.CleanupBuildArtifacts)

	policy := writeFile("audit-policy.yaml", auditPolicy)
	auditLog = filepath.Join(filepath.Dir(policy), "audit.log")
	env := &envtest.Environment{}
	env.ControlPlane.GetAPIServer().Configure().
		Set("audit-policy-file", policy).Set("audit-log-path", auditLog).Set("audit-log-mode", "blocking-strict")
	restConfig, err = env.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(env.Stop)
	kubeconfig = env.KubeConfig

	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	admin, err = client.New(restConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
})
