// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package policy_test applies the policies of the folder config to a real API server, and acts there as users, shards and
// sharders do, each with permissions of its own.
package policy_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

func TestPolicy(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Policy")
}

var (
	restConfig *rest.Config
	// admin may do everything.
	admin client.Client
	// adminKubeconfig is the path of a kubeconfig for kubectl.
	adminKubeconfig string
)

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(time.Minute) // far more than it takes, even on a busy machine
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	log.SetLogger(GinkgoLogr)

	environment := &envtest.Environment{
		CRDDirectoryPaths: []string{"testdata"}, ErrorIfCRDPathMissing: true,
		CRDInstallOptions: envtest.CRDInstallOptions{MaxTime: time.Minute},
	}
	var err error
	restConfig, err = environment.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)
	restConfig.QPS = -1
	admin, err = client.New(restConfig, client.Options{})
	Expect(err).NotTo(HaveOccurred())
	adminKubeconfig = filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(os.WriteFile(adminKubeconfig, environment.KubeConfig, 0o600)).To(Succeed())

	grant(ctx)
	startWebhook(ctx)
	kubectl(ctx, "", nil, "apply", "-k", "../../../../config/policy")
	bindPolicies(ctx)
	awaitPolicies(ctx)
})

// kubectl acts as the user, or as the admin if there is none, and returns what it printed.
func kubectl(ctx context.Context, user string, stdin []byte, args ...string) string {
	GinkgoHelper()
	stdout, err := tryKubectl(ctx, user, stdin, args...)
	Expect(err).NotTo(HaveOccurred())
	return stdout
}

func tryKubectl(ctx context.Context, user string, stdin []byte, args ...string) (string, error) {
	args = append(args, "--kubeconfig", adminKubeconfig)
	if user != "" {
		args = append(args, "--as", user)
	}
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"), args...)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(stdin), &stdout, &stderr
	if err := command.Run(); err != nil {
		return "", &kubectlError{error: err, stderr: stderr.String()}
	}
	return stdout.String(), nil
}

type kubectlError struct {
	error
	stderr string
}

func (e *kubectlError) Error() string { return e.error.Error() + ": " + e.stderr }
