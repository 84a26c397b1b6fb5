// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package permissions_test runs operator and sharder with the roles of the manifests, and compares what these roles grant
// with what the API server's audit log says was used: a grant that nothing uses fails, and so does a refused request.
package permissions_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/api/v1alpha1"
)

func TestPermissions(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Permissions")
}

const module = "../../.."

// The paths of the built programs.
var operatorProgram, sharderProgram string

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(time.Minute) // far more than it takes, even on a busy machine
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	log.SetLogger(GinkgoLogr)

	folder := GinkgoT().TempDir()
	operatorProgram, sharderProgram = filepath.Join(folder, "operator"), filepath.Join(folder, "sharder")
	build(ctx, module, "./cmd/webhosting-operator", operatorProgram)
	build(ctx, module+"/../sharding", "./cmd/sharder", sharderProgram)
})

func build(ctx context.Context, folder, main, program string) {
	GinkgoHelper()
	command := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, main)
	command.Dir, command.Env = folder, append(os.Environ(), "GOWORK=off")
	output, err := command.CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), string(output))
}

// cluster is an API server with an audit log, for one scenario: permissions of other overlays would add up.
type cluster struct {
	config     *rest.Config
	kubeconfig string
	auditLog   string
	// admin may do everything.
	admin client.Client
}

func startCluster() *cluster {
	GinkgoHelper()
	folder := GinkgoT().TempDir()
	c := &cluster{auditLog: filepath.Join(folder, "audit.log"), kubeconfig: filepath.Join(folder, "kubeconfig")}
	policy := filepath.Join(folder, "policy.yaml")
	Expect(os.WriteFile(policy, []byte(auditPolicy), 0o600)).To(Succeed())

	env := &envtest.Environment{}
	env.ControlPlane.GetAPIServer().Configure().
		Set("audit-policy-file", policy).
		Set("audit-log-path", c.auditLog).
		Set("audit-log-mode", "blocking-strict").
		// Some clusters have it: who sets an owner reference that blocks the owner's deletion needs a permission.
		Append("enable-admission-plugins", "OwnerReferencesPermissionEnforcement")
	var err error
	c.config, err = env.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(env.Stop)
	Expect(os.WriteFile(c.kubeconfig, env.KubeConfig, 0o600)).To(Succeed())

	scheme := runtime.NewScheme()
	Expect(clientgoscheme.AddToScheme(scheme)).To(Succeed())
	Expect(v1alpha1.AddToScheme(scheme)).To(Succeed())
	Expect(shardingv1alpha1.AddToScheme(scheme)).To(Succeed())
	c.admin, err = client.New(c.config, client.Options{Scheme: scheme})
	Expect(err).NotTo(HaveOccurred())
	return c
}

// apply applies a folder as a user would.
func (c *cluster) apply(ctx context.Context, folder string) {
	GinkgoHelper()
	kubectl := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl")
	var output []byte
	var err error
	Eventually(func() string {
		command := exec.CommandContext(ctx, kubectl, "--kubeconfig", c.kubeconfig, "apply", "--server-side", "-k", filepath.Join(module, folder))
		output, err = command.CombinedOutput()
		return string(output)
	}).ShouldNot(ContainSubstring("no matches for kind"), "it takes a moment until kinds are known")
	Expect(err).NotTo(HaveOccurred(), string(output))
}
