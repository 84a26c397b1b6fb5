// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package clitest runs a program in its tests as its users do, against clusters that are not what they should be.
package clitest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

// runMain makes the test binary the program itself.
const runMain = "LOAD_TEST_RUN_MAIN"

// Main runs the program if Run asks for it, and the tests otherwise. TestMain is to call it.
func Main(m *testing.M, program func()) {
	if os.Getenv(runMain) != "" {
		program()
		return
	}
	os.Exit(m.Run())
}

// Run runs the program to its end in an empty folder, and returns what it wrote, and its exit code.
func Run(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	self, err := os.Executable()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	var out, errOut bytes.Buffer
	command := exec.CommandContext(t.Context(), self, args...)
	command.Env = append(os.Environ(), runMain+"=true")
	command.Dir, command.Stdout, command.Stderr = t.TempDir(), &out, &errOut
	if err := command.Run(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		NewWithT(t).Expect(ok).To(BeTrue(), "%v", err)
		return out.String(), errOut.String(), exit.ExitCode()
	}
	return out.String(), errOut.String(), 0
}

// NoCluster returns the path of the kubeconfig of a cluster that does not answer.
func NoCluster(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	return kubeconfig(t, server.URL)
}

// Untouched returns the path of the kubeconfig of a cluster that the test fails for talking to.
func Untouched(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, request *http.Request) {
		t.Errorf("the program asked the cluster for %s", request.URL)
	}))
	t.Cleanup(server.Close)
	return kubeconfig(t, server.URL)
}

// Bare returns the path of the kubeconfig of a cluster without the operator, in which there is nothing at all.
func Bare(t *testing.T) string {
	t.Helper()
	answers := map[string]string{
		"/version":           `{"major": "1", "minor": "36", "gitVersion": "v1.36.3"}`,
		"/api":               `{"kind": "APIVersions", "versions": ["v1"]}`,
		"/apis":              `{"kind": "APIGroupList", "apiVersion": "v1", "groups": []}`,
		"/api/v1":            `{"kind": "APIResourceList", "groupVersion": "v1", "resources": [{"name": "namespaces", "kind": "Namespace", "verbs": ["list"]}]}`,
		"/api/v1/namespaces": `{"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "items": []}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer, ok := answers[request.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			answer = `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}`
		}
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(server.Close)
	return kubeconfig(t, server.URL)
}

func kubeconfig(t *testing.T, server string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	NewWithT(t).Expect(os.WriteFile(path, fmt.Appendf(nil, `apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: %q}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
users: [{name: test}]
`, server), 0o600)).To(Succeed())
	return path
}
