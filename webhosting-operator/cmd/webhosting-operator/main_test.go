// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// runMain makes the test binary the program itself, so that the tests run it as its users do.
const runMain = "WEBHOSTING_OPERATOR_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestBadInput(t *testing.T) {
	const header = "apiVersion: config.webhosting.timebertt.dev/v1alpha1\nkind: WebhostingOperatorConfig\n"
	for name, c := range map[string]struct {
		config string
		args   []string
		errors []string
	}{
		"unknown flag":             {args: []string{"--shards=3"}, errors: []string{"unknown flag: --shards", "--help"}},
		"argument":                 {args: []string{"start"}, errors: []string{`"start"`}},
		"unknown level of logs":    {args: []string{"--zap-log-level=loud"}, errors: []string{`"loud"`, "--zap-log-level"}},
		"unknown format of logs":   {args: []string{"--zap-encoder=xml"}, errors: []string{`"xml"`, "--zap-encoder"}},
		"file that is not there":   {args: []string{"--config=nowhere.yaml"}, errors: []string{"nowhere.yaml: no such file"}},
		"shard that is no label":   {args: []string{"--shard-name=a_b"}, errors: []string{"sharding.shardName", `"a_b"`}},
		"shard that is too long":   {args: []string{"--shard-name=" + strings.Repeat("a", 64)}, errors: []string{"sharding.shardName", "63"}},
		"address of metrics":       {args: []string{"--metrics-bind-address=here"}, errors: []string{"metrics.bindAddress", `"here"`}},
		"address of health":        {args: []string{"--health-probe-bind-address=here"}, errors: []string{"health.bindAddress", `"here"`}},
		"empty file":               {config: "\n", errors: []string{"config.yaml", `expected apiVersion "config.webhosting.timebertt.dev/v1alpha1"`}},
		"unknown field":            {config: header + "sharding: {shards: 3}", errors: []string{"config.yaml", `unknown field "sharding.shards"`}},
		"duplicate key":            {config: header + "health: {}\nhealth: {}", errors: []string{"config.yaml", `"health" already set`}},
		"unknown mode":             {config: header + "sharding: {mode: sharded}", errors: []string{"config.yaml", "sharding.mode", `"sharded"`}},
		"no duration":              {config: header + "sharding: {drainTimeout: soon}", errors: []string{"config.yaml", "sharding.drainTimeout", `"soon"`}},
		"several bad values":       {config: header + "health: {bindAddress: x}\ningress: {hosts: [a_b]}", errors: []string{"health.bindAddress", "ingress.hosts[0]"}},
		"no certificate":           {config: header + "metrics: {certDir: /nowhere}", errors: []string{"metrics.certDir /nowhere", "tls.crt"}},
		"flag against a good file": {config: header, args: []string{"--shard-name=-"}, errors: []string{"config.yaml", "sharding.shardName"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			args := append(c.args, "--kubeconfig="+unreachableCluster(t))
			if c.config != "" {
				args = append(args, "--config="+writeFile(t, "config.yaml", c.config))
			}
			stdout, stderr, code := runProgram(t, args...)
			g.Expect(code).To(Equal(1))
			g.Expect(stdout).To(BeEmpty())
			g.Expect(stderr).To(HavePrefix("webhosting-operator: "))
			for _, message := range c.errors {
				g.Expect(stderr).To(ContainSubstring(message))
			}
		})
	}
}

func TestFilesOnTopOfEachOther(t *testing.T) {
	const header = "apiVersion: config.webhosting.timebertt.dev/v1alpha1\nkind: WebhostingOperatorConfig\n"
	g := NewWithT(t)
	below := writeFile(t, "below.yaml", header+"sharding: {mode: Both, shardName: x_y}\ningress: {hosts: [a_b]}")
	above := writeFile(t, "above.yaml", header+"sharding: {shardName: fine}\nhealth: {bindAddress: here}")

	_, stderr, code := runProgram(t, "--config="+below, "--config="+above, "--kubeconfig="+unreachableCluster(t))
	g.Expect(code).To(Equal(1))
	g.Expect(stderr).To(And(ContainSubstring("below.yaml"), ContainSubstring("above.yaml")))
	g.Expect(stderr).To(ContainSubstring("ingress.hosts[0]"), "the upper file leaves it as it is")
	g.Expect(stderr).To(ContainSubstring("health.bindAddress"))
	g.Expect(stderr).NotTo(ContainSubstring("shardName"), "the upper file repairs it")

	broken := writeFile(t, "broken.yaml", header+"sharding: {shards: 3}")
	_, stderr, code = runProgram(t, "--config="+above, "--config="+broken, "--kubeconfig="+unreachableCluster(t))
	g.Expect(code).To(Equal(1))
	g.Expect(stderr).To(And(ContainSubstring("broken.yaml"), ContainSubstring(`unknown field "sharding.shards"`), Not(ContainSubstring("above.yaml"))))
}

func TestMissingKubeconfig(t *testing.T) {
	g := NewWithT(t)
	_, stderr, code := runProgram(t, "--kubeconfig=nowhere.kubeconfig")
	g.Expect(code).To(Equal(1))
	g.Expect(stderr).To(And(ContainSubstring("loading the kubeconfig"), ContainSubstring("nowhere.kubeconfig")))
}

func TestHelpAndVersion(t *testing.T) {
	g := NewWithT(t)
	stdout, stderr, code := runProgram(t, "--help")
	g.Expect(code).To(BeZero())
	g.Expect(stderr).To(BeEmpty())
	for _, flag := range []string{
		"--config", "--kubeconfig", "--shard-name", "--metrics-bind-address", "--health-probe-bind-address", "--version",
	} {
		g.Expect(stdout).To(ContainSubstring(flag))
	}
	g.Expect(stdout).To(ContainSubstring("Examples:"))

	stdout, _, code = runProgram(t, "--version")
	g.Expect(code).To(BeZero())
	g.Expect(stdout).To(MatchRegexp(`^webhosting-operator version \S+ \(.*go1\..*\)\n$`))
}

// runProgram runs the program to its end and returns what it wrote, and its exit code.
func runProgram(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	self, err := os.Executable()
	NewWithT(t).Expect(err).NotTo(HaveOccurred())

	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), runMain+"=true")
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		exit, ok := errors.AsType[*exec.ExitError](err)
		NewWithT(t).Expect(ok).To(BeTrue(), "%v", err)
		return out.String(), errOut.String(), exit.ExitCode()
	}
	return out.String(), errOut.String(), 0
}

// unreachableCluster returns the kubeconfig of a cluster that the test fails for talking to.
func unreachableCluster(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		if conn, err := listener.Accept(); err == nil {
			_ = conn.Close()
			t.Error("the program talked to the cluster")
		}
	}()
	return writeFile(t, "kubeconfig", fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: test
clusters: [{name: test, cluster: {server: "http://%s"}}]
contexts: [{name: test, context: {cluster: test, user: test}}]
users: [{name: test}]
`, listener.Addr()))
}

func writeFile(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	NewWithT(t).Expect(os.WriteFile(path, []byte(content), 0o600)).To(Succeed())
	return path
}
