// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package permissions_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/gexec"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/test/freeport"
)

var (
	operator = account{"webhosting-system", "webhosting-operator"}
	sharder  = account{"sharding-system", "sharder"}
)

// process is an instance of operator or sharder.
type process struct {
	*gexec.Session
	metrics, health string
}

// runOperator runs an instance with the overlay's configuration and permissions.
func (c *cluster) runOperator(ctx context.Context, overlay, name string) process {
	GinkgoHelper()
	return c.run(ctx, operatorProgram, operator, "--config", filepath.Join(module, "config/overlays", overlay, "config.yaml"), "--shard-name", name)
}

// runSharder runs an instance with the permissions of the manifests. API servers that run outside of a cluster do not
// reach it by its Service.
func (c *cluster) runSharder(ctx context.Context) process {
	GinkgoHelper()
	webhook := freeport.Address()
	file := filepath.Join(GinkgoT().TempDir(), "config.yaml")
	Expect(os.WriteFile(file, fmt.Appendf(nil, "apiVersion: config.sharding.timebertt.dev/v1alpha1\nkind: SharderConfig\nwebhook: {bindAddress: %q, url: %q}\n",
		webhook, "https://"+webhook), 0o600)).To(Succeed())
	return c.run(ctx, sharderProgram, sharder, "--config", file)
}

func (c *cluster) run(ctx context.Context, program string, as account, args ...string) process {
	GinkgoHelper()
	for _, g := range c.grants(ctx, as) {
		Eventually(c.allows).WithArguments(ctx, as, g).Should(BeTrue(), "%s", g)
	}
	p := process{metrics: freeport.Address(), health: freeport.Address()}
	args = append(args, "--kubeconfig", c.kubeconfigOf(ctx, as), "--metrics-bind-address", p.metrics, "--health-probe-bind-address", p.health)
	var err error
	p.Session, err = gexec.Start(exec.Command(program, args...), GinkgoWriter, GinkgoWriter)
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func() { p.Kill().Wait() })
	Eventually(get).WithArguments(ctx, "http://"+p.health+"/readyz", "").Should(Equal(http.StatusOK))
	return p
}

// leave ends the process as a rollout does, and waits for it.
func (p process) leave() {
	GinkgoHelper()
	p.Signal(syscall.SIGTERM)
	Eventually(p.Session).Should(gexec.Exit(0))
}

func (c *cluster) kubeconfigOf(ctx context.Context, a account) string {
	GinkgoHelper()
	file := filepath.Join(GinkgoT().TempDir(), "kubeconfig")
	Expect(clientcmd.WriteToFile(clientcmdapi.Config{
		Clusters:       map[string]*clientcmdapi.Cluster{"test": {Server: c.config.Host, CertificateAuthorityData: c.config.CAData}},
		AuthInfos:      map[string]*clientcmdapi.AuthInfo{"test": {Token: c.token(ctx, a)}},
		Contexts:       map[string]*clientcmdapi.Context{"test": {Cluster: "test", AuthInfo: "test"}},
		CurrentContext: "test",
	}, file)).To(Succeed())
	return file
}

func (c *cluster) token(ctx context.Context, a account) string {
	GinkgoHelper()
	request := &authenticationv1.TokenRequest{}
	object := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: a.name}}
	Expect(c.admin.SubResource("token").Create(ctx, object, request)).To(Succeed())
	return request.Status.Token
}

// scrape asks for metrics, with which the process asks the API server who that is and what it may do.
func (c *cluster) scrape(ctx context.Context, p process, as account) {
	GinkgoHelper()
	// It may be ready before it serves them.
	Eventually(get).WithArguments(ctx, "https://"+p.metrics+"/metrics", c.token(ctx, as)).Should(Equal(http.StatusForbidden))
}

// get returns the status code of a request with the token, if there is one.
func get(ctx context.Context, url, token string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	client := &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}, // self-signed
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}
