// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

//go:build e2e

// Package e2e_test deploys to a real cluster, whichever KUBECONFIG points to, as people do, and looks at what its users see:
// the pages of the sample websites, while operator and sharder are deleted, killed, scaled, replaced and removed.
//
// Each spec first brings the cluster into the mode that it is about, and leaves it usable for the next one; order_test.go lists
// them all. Nothing here needs the cluster's network: websites are asked through the API server. It is run by `make test-e2e`.
package e2e_test

import (
	"cmp"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

func TestE2E(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "End to end")
}

var (
	restConfig *rest.Config
	// admin is whoever the kubeconfig belongs to.
	admin     client.Client
	clientset *kubernetes.Clientset
)

// A spec may wait for images to be built and pulled, and for leases to expire.
const specTimeout = 10 * time.Minute

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(2 * time.Minute)
	SetDefaultEventuallyPollingInterval(200 * time.Millisecond)
	SetDefaultConsistentlyDuration(2 * time.Second)
	SetDefaultConsistentlyPollingInterval(200 * time.Millisecond)
	EnforceDefaultTimeoutsWhenUsingContexts()
	log.SetLogger(GinkgoLogr)

	Expect(os.Getenv("KUBECONFIG")).NotTo(BeEmpty(), "these tests change the cluster that KUBECONFIG points to, so it has to be set")
	var err error
	restConfig, err = clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		clientcmd.NewDefaultClientConfigLoadingRules(), &clientcmd.ConfigOverrides{}).ClientConfig()
	Expect(err).NotTo(HaveOccurred())
	restConfig.QPS = -1
	clientset, err = kubernetes.NewForConfig(restConfig)
	Expect(err).NotTo(HaveOccurred())
	version, err := clientset.ServerVersion()
	Expect(err).NotTo(HaveOccurred(), "no cluster answers at %s", restConfig.Host)
	note("cluster", "Kubernetes %s", version.GitVersion)

	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	Expect(shardingv1alpha1.AddToScheme(scheme)).To(Succeed())
	admin, err = client.New(restConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())

	purge(ctx)
	Eventually(ctx, func() (err error) {
		untouched, err = objects(ctx)
		return err
	}).Should(Succeed())
	DeferCleanup(func(ctx context.Context) { purge(ctx) }, NodeTimeout(3*time.Minute))
}, NodeTimeout(specTimeout))

// begun is when the suite began.
var begun = time.Now()

// always is the label of specs that no TIME_LIMIT keeps from running.
const always = "always"

// TIME_LIMIT is how long the suite may go on beginning specs. What has not begun by then does not run, and that is said.
var _ = BeforeEach(func() {
	limit, err := time.ParseDuration(cmp.Or(os.Getenv("TIME_LIMIT"), "24h"))
	Expect(err).NotTo(HaveOccurred(), "TIME_LIMIT")
	if time.Since(begun) > limit && !slices.Contains(CurrentSpecReport().Labels(), always) {
		skip("%s had passed before", limit)
	}
})

// root is the repository.
func root() string {
	GinkgoHelper()
	path, err := filepath.Abs("../../..")
	Expect(err).NotTo(HaveOccurred())
	return path
}
