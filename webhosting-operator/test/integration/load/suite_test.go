// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package load_test runs the programs that make samples and put on load against a real API server. Nothing else runs
// there: the tests play the part of the operator, of its sharder, and of the controller of namespaces.
package load_test

import (
	"os"
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

const module = "github.com/timebertt/kubernetes-controller-sharding/webhosting-operator"

func TestLoad(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Load")
}

var (
	scheme     = runtime.NewScheme()
	restConfig *rest.Config
	// admin may do everything.
	admin client.Client
	// kubeconfig is the path of the admin's.
	kubeconfig string
	// experimentProgram and samplesGenerator are the paths of the built programs.
	experimentProgram, samplesGenerator string
)

var _ = BeforeSuite(func() {
	SetDefaultEventuallyTimeout(time.Minute) // far more than it takes, even on a busy machine
	SetDefaultEventuallyPollingInterval(20 * time.Millisecond)
	log.SetLogger(GinkgoLogr)

	var err error
	experimentProgram, err = gexec.Build(module + "/cmd/experiment")
	Expect(err).NotTo(HaveOccurred())
	samplesGenerator, err = gexec.Build(module + "/cmd/samples-generator")
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(gexec.CleanupBuildArtifacts)

	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	env := &envtest.Environment{CRDDirectoryPaths: []string{"../../../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	restConfig, err = env.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(env.Stop)
	restConfig.QPS = -1
	admin, err = client.New(restConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())

	kubeconfig = filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(kubeconfig, env.KubeConfig, 0o600)).To(Succeed())
	startController()
})
