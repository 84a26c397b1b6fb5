// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	clientcmdlatest "k8s.io/client-go/tools/clientcmd/api/latest"
	clientcmdv1 "k8s.io/client-go/tools/clientcmd/api/v1"
)

// process is a program of its own, unlike an instance: it can be ended and paused as only a process can.
type process struct {
	*gexec.Session
}

// runProcess runs the program until the test ends or something else ends it.
func runProcess(program string, arguments ...string) process {
	GinkgoHelper()
	session, err := gexec.Start(exec.Command(program, arguments...), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() {
		session.Signal(syscall.SIGCONT).Kill()
		Eventually(session).Should(gexec.Exit())
	})
	return process{session}
}

// leave asks the process to end, and waits for it.
func (p process) leave() {
	GinkgoHelper()
	p.Terminate()
	Eventually(p).Should(gexec.Exit(0))
}

// pause stops the process until wake. It notices neither.
func (p process) pause() { p.Signal(syscall.SIGSTOP) }
func (p process) wake()  { p.Signal(syscall.SIGCONT) }

// writeKubeconfig writes a kubeconfig in JSON, which YAML parsers read too.
func writeKubeconfig() string {
	GinkgoHelper()
	config := clientcmdv1.Config{
		APIVersion: clientcmdlatest.Version, Kind: "Config",
		Clusters: []clientcmdv1.NamedCluster{{Name: "test", Cluster: clientcmdv1.Cluster{
			Server: "https://" + strings.TrimPrefix(restConfig.Host, "https://"), CertificateAuthorityData: restConfig.CAData,
		}}},
		AuthInfos: []clientcmdv1.NamedAuthInfo{{Name: "test", AuthInfo: clientcmdv1.AuthInfo{
			ClientCertificateData: restConfig.CertData, ClientKeyData: restConfig.KeyData,
		}}},
		Contexts:       []clientcmdv1.NamedContext{{Name: "test", Context: clientcmdv1.Context{Cluster: "test", AuthInfo: "test"}}},
		CurrentContext: "test",
	}
	content, err := json.Marshal(config)
	Expect(err).NotTo(HaveOccurred())
	file := filepath.Join(GinkgoT().TempDir(), "kubeconfig.json")
	Expect(os.WriteFile(file, content, 0o600)).To(Succeed())
	return file
}

// pythonProgram returns where Python is, or else does not run the test, and says so: `go test` hides the output of packages
// that pass, so it also says it in a file, for whoever started the tests to show. With REQUIRE_PYTHON=true the test
// fails instead.
func pythonProgram() string {
	GinkgoHelper()
	path, err := exec.LookPath("python3")
	if err == nil {
		return path
	}
	message := "SKIPPED " + CurrentSpecReport().FullText() + ": it needs python3 (apt-get install python3, or brew install python)"
	if os.Getenv("REQUIRE_PYTHON") == "true" {
		Fail(message)
	}
	skipped = append(skipped, message)
	Skip(message)
	return ""
}

// skipped is what did not run.
var skipped []string

var _ = AfterSuite(func() {
	folder := os.Getenv("TEST_OUTPUT")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "test-output")
	}
	file := filepath.Join(folder, "skipped-sharding.txt")
	if len(skipped) == 0 {
		Expect(os.RemoveAll(file)).To(Succeed())
		return
	}
	Expect(os.MkdirAll(folder, 0o755)).To(Succeed())
	Expect(os.WriteFile(file, []byte(strings.Join(skipped, "\n")+"\n"), 0o644)).To(Succeed())
})
