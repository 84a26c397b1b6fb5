// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package examples_test runs the examples as the programs that they are, against a real API server, with the manifests
// and the commands that their documents show.
package examples_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"

	shardingv1alpha1 "github.com/timebertt/kubernetes-controller-sharding/sharding/api/v1alpha1"
)

const examples = "github.com/timebertt/kubernetes-controller-sharding/sharding/examples/"

var (
	restConfig *rest.Config
	apiServer  client.Client
	// admin is the kubeconfig file of somebody who may do everything.
	admin string
)

func TestExamples(t *testing.T) {
	SetDefaultEventuallyTimeout(time.Minute) // far more than it takes, even on a busy machine
	SetDefaultEventuallyPollingInterval(50 * time.Millisecond)
	RegisterFailHandler(Fail)
	RunSpecs(t, "Examples")
}

var _ = BeforeSuite(func() {
	log.SetLogger(GinkgoLogr)
	environment := &envtest.Environment{}
	var err error
	restConfig, err = environment.Start()
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(environment.Stop)

	types := runtime.NewScheme()
	Expect(scheme.AddToScheme(types)).To(Succeed())
	Expect(shardingv1alpha1.AddToScheme(types)).To(Succeed())
	apiServer, err = client.New(restConfig, client.Options{Scheme: types})
	Expect(err).NotTo(HaveOccurred())
	admin = writeFile("admin.yaml", environment.KubeConfig)
})

var _ = AfterSuite(gexec.CleanupBuildArtifacts)

func writeFile(name string, content []byte) string {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), name)
	Expect(os.WriteFile(file, content, 0o600)).To(Succeed())
	return file
}

// build builds one of the examples.
func build(name string) string {
	GinkgoHelper()
	program, err := gexec.Build(examples + name)
	Expect(err).NotTo(HaveOccurred())
	return program
}

// run runs a program until the test ends or something else ends it.
func run(kubeconfig, program string, arguments ...string) *gexec.Session {
	GinkgoHelper()
	command := exec.Command(program, arguments...)
	command.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	session, err := gexec.Start(command, GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { Eventually(session.Terminate()).Should(gexec.Exit()) })
	return session
}

// shell runs a script in which kubectl is that of the tests.
func shell(script string) {
	GinkgoHelper()
	command := exec.Command("bash", "-o", "errexit", "-o", "nounset", "-c", script)
	command.Env = append(os.Environ(), "KUBECONFIG="+admin, "PATH="+os.Getenv("KUBEBUILDER_ASSETS")+string(os.PathListSeparator)+os.Getenv("PATH"))
	session, err := gexec.Start(command, GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	Eventually(session).Should(gexec.Exit(0))
}

// kubeconfigOf returns the kubeconfig file of a ServiceAccount, which may do what its roles allow.
func kubeconfigOf(ctx context.Context, namespace, name string) string {
	GinkgoHelper()
	account := &corev1.ServiceAccount{}
	account.Namespace, account.Name = namespace, name
	request := &authenticationv1.TokenRequest{}
	Expect(apiServer.SubResource("token").Create(ctx, account, request)).To(Succeed())

	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: restConfig.Host, CertificateAuthorityData: restConfig.CAData}
	config.AuthInfos["test"] = &clientcmdapi.AuthInfo{Token: request.Status.Token}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "test"}
	config.CurrentContext = "test"
	content, err := clientcmd.Write(*config)
	Expect(err).NotTo(HaveOccurred())
	return writeFile(name+".yaml", content)
}
