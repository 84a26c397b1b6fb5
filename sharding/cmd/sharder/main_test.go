// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
)

// runMain makes the test binary the program itself, so that the tests run it as its users do.
const runMain = "SHARDER_TEST_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestBadInput(t *testing.T) {
	const header = "apiVersion: config.sharding.timebertt.dev/v1alpha1\nkind: SharderConfig\n"
	for name, c := range map[string]struct {
		config string
		args   []string
		errors []string
	}{
		"unknown flag":             {args: []string{"--rings=3"}, errors: []string{"unknown flag: --rings", "--help"}},
		"argument":                 {args: []string{"start"}, errors: []string{`"start"`}},
		"unknown level of logs":    {args: []string{"--zap-log-level=loud"}, errors: []string{`"loud"`, "--zap-log-level"}},
		"file that is not there":   {args: []string{"--config=nowhere.yaml"}, errors: []string{"nowhere.yaml: no such file"}},
		"address of the webhook":   {args: []string{"--webhook-bind-address=here"}, errors: []string{"webhook.bindAddress", `"here"`}},
		"address of metrics":       {args: []string{"--metrics-bind-address=here"}, errors: []string{"metrics.bindAddress", `"here"`}},
		"address of health":        {args: []string{"--health-probe-bind-address=here"}, errors: []string{"health.bindAddress", `"here"`}},
		"empty file":               {config: "\n", errors: []string{"config.yaml", `expected apiVersion "config.sharding.timebertt.dev/v1alpha1"`}},
		"unknown field":            {config: header + "rings: []", errors: []string{"config.yaml", `unknown field "rings"`}},
		"several bad values":       {config: header + "health: {bindAddress: x}\nnamespace: a_b", errors: []string{"health.bindAddress", "namespace"}},
		"no certificate":           {config: header + "webhook: {certificate: {mode: Provided, directory: /nowhere}}", errors: []string{"webhook.certificate.directory /nowhere", "tls.crt"}},
		"no metrics certificate":   {config: header + "metrics: {certDir: /nowhere}", errors: []string{"metrics.certDir /nowhere", "tls.crt"}},
		"flag against a good file": {config: header, args: []string{"--webhook-bind-address=:8080"}, errors: []string{"config.yaml", "webhook.bindAddress", "metrics.bindAddress"}},
		"missing kubeconfig":       {args: []string{"--kubeconfig=nowhere.kubeconfig"}, errors: []string{"loading the kubeconfig", "nowhere.kubeconfig"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			args := append([]string{"--kubeconfig=also-nowhere"}, c.args...)
			if c.config != "" {
				file := filepath.Join(t.TempDir(), "config.yaml")
				g.Expect(os.WriteFile(file, []byte(c.config), 0o600)).To(Succeed())
				args = append(args, "--config="+file)
			}
			stdout, stderr, code := runProgram(t, args...)
			g.Expect(code).To(Equal(1))
			g.Expect(stdout).To(BeEmpty())
			g.Expect(stderr).To(HavePrefix("sharder: "))
			for _, message := range c.errors {
				g.Expect(stderr).To(ContainSubstring(message))
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	g := NewWithT(t)
	stdout, stderr, code := runProgram(t, "--help")
	g.Expect(code).To(BeZero())
	g.Expect(stderr).To(BeEmpty())
	for _, text := range []string{
		"--config", "--kubeconfig", "--webhook-bind-address", "--metrics-bind-address", "--health-probe-bind-address", "--version", "Examples:",
	} {
		g.Expect(stdout).To(ContainSubstring(text))
	}
	stdout, _, code = runProgram(t, "--version")
	g.Expect(code).To(BeZero())
	g.Expect(stdout).To(MatchRegexp(`^sharder version \S+ \(.*go1\..*\)\n$`))
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
