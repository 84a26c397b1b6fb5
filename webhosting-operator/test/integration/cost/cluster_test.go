// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cost_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/test/freeport"
)

// concurrentSyncs is how many websites an operator reconciles at the same time.
const concurrentSyncs = 15

// variant is an operator that is looked at.
type variant struct {
	name    string
	program string
	// arguments has it work with a kubeconfig, and serve its metrics on an address without encryption.
	arguments func(kubeconfig, address string) []string
}

func variants() []variant {
	return []variant{
		{name: "operator", program: operatorProgram, arguments: func(kubeconfig, address string) []string {
			file := filepath.Join(GinkgoT().TempDir(), "config.yaml")
			Expect(os.WriteFile(file, fmt.Appendf(nil, `apiVersion: config.webhosting.timebertt.dev/v1alpha1
kind: WebhostingOperatorConfig
leaderElection: {resourceNamespace: default}
health: {bindAddress: "0"}
metrics: {secureServing: false}
controllers: {website: {concurrentSyncs: %d}}
`, concurrentSyncs), 0o600)).To(Succeed())
			return []string{"--config", file, "--kubeconfig", kubeconfig, "--metrics-bind-address", address}
		}},
		{name: "plain", program: plainProgram, arguments: func(kubeconfig, address string) []string {
			return []string{"--concurrent-syncs", fmt.Sprint(concurrentSyncs), "--kubeconfig", kubeconfig, "--metrics-bind-address", address}
		}},
	}
}

// start starts an API server of its own for an operator, and the operator. It returns a client, and where the operator
// serves its metrics, which it does when it has begun its work.
func (v variant) start(ctx context.Context) (client.Client, string) {
	GinkgoHelper()
	env := &envtest.Environment{CRDDirectoryPaths: []string{"../../../config/crd/bases"}, ErrorIfCRDPathMissing: true}
	// Its own range has addresses for 254 Services.
	env.ControlPlane.GetAPIServer().Configure().Set("service-cluster-ip-range", "10.0.0.0/16")
	restConfig, err := env.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(env.Stop)
	restConfig.QPS = -1
	c, err := client.New(restConfig, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	rollOutDeployments(restConfig)

	kubeconfig := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(kubeconfig, env.KubeConfig, 0o600)).To(Succeed())
	address := freeport.Address()
	session, err := gexec.Start(exec.Command(v.program, v.arguments(kubeconfig, address)...), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { session.Interrupt().Wait("30s") })
	Eventually(func(g Gomega) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/metrics", nil)
		g.Expect(err).NotTo(HaveOccurred())
		response, err := http.DefaultClient.Do(request)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(response.Body.Close()).To(Succeed())
	}).Should(Succeed())
	return c, address
}

// rollOutDeployments plays the controller of Deployments, for such without pods.
func rollOutDeployments(restConfig *rest.Config) {
	GinkgoHelper()
	mgr, err := ctrl.NewManager(restConfig, ctrl.Options{
		Scheme: scheme, Metrics: metricsserver.Options{BindAddress: "0"},
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	Expect(err).NotTo(HaveOccurred())
	c := mgr.GetClient()
	Expect(builder.ControllerManagedBy(mgr).For(&appsv1.Deployment{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: 8}).
		Complete(reconcile.AsReconciler(c, reconcile.TypedFunc[*appsv1.Deployment](
			func(ctx context.Context, deployment *appsv1.Deployment) (reconcile.Result, error) {
				if deployment.Status.ObservedGeneration == deployment.Generation {
					return reconcile.Result{}, nil
				}
				before := deployment.DeepCopy()
				deployment.Status.ObservedGeneration = deployment.Generation
				return reconcile.Result{}, client.IgnoreNotFound(c.Status().Patch(ctx, deployment, client.MergeFrom(before)))
			})))).To(Succeed())
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- mgr.Start(ctx) }()
	DeferCleanup(func() {
		cancel()
		Eventually(done).Should(Receive(Succeed()))
	})
}
