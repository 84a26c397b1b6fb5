// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, main) }

func TestBadInput(t *testing.T) {
	for name, test := range map[string]struct {
		args  []string
		error string
	}{
		"no websites":          {args: []string{"--websites=0"}, error: "1 to 100000 websites, not 0"},
		"negative":             {args: []string{"--websites=-5"}, error: "not -5"},
		"too many":             {args: []string{"--websites=100001"}, error: "not 100001"},
		"no number":            {args: []string{"--websites=many"}, error: `"many"`},
		"no projects":          {args: []string{"--projects=0"}, error: "1 to 100 projects"},
		"no themes":            {args: []string{"--themes=0"}, error: "1 to 100 themes"},
		"unknown flag":         {args: []string{"--sites=3"}, error: "unknown flag: --sites"},
		"argument":             {args: []string{"everything"}, error: "everything"},
		"output":               {args: []string{"-o", "xml"}, error: `"xml"`},
		"output of a dry run":  {args: []string{"--dry-run", "-o", "json"}, error: "YAML"},
		"output of delete":     {args: []string{"delete", "-o", "xml"}, error: `"xml"`},
		"timeout":              {args: []string{"delete", "--timeout=0s"}, error: "more than 0"},
		"argument of delete":   {args: []string{"delete", "all"}, error: `"all"`},
		"flag unknown to both": {args: []string{"delete", "--websites=3"}, error: "unknown flag: --websites"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			stdout, stderr, code := clitest.Run(t, append(test.args, "--kubeconfig="+clitest.Untouched(t))...)
			g.Expect(code).To(Equal(2))
			g.Expect(stdout).To(BeEmpty())
			g.Expect(stderr).To(And(HavePrefix("samples-generator: "), ContainSubstring(test.error)))
		})
	}
}

func TestBadClusters(t *testing.T) {
	for name, test := range map[string]struct{ kubeconfig, error string }{
		"no kubeconfig":       {kubeconfig: "nowhere", error: "loading the kubeconfig"},
		"no cluster":          {kubeconfig: clitest.NoCluster(t), error: "no cluster answers"},
		"without an operator": {kubeconfig: clitest.Bare(t), error: "install the operator there first"},
	} {
		for _, args := range [][]string{nil, {"delete"}} {
			t.Run(strings.Join(append(args, name), " "), func(t *testing.T) {
				g := NewWithT(t)
				_, stderr, code := clitest.Run(t, append(args, "--kubeconfig="+test.kubeconfig)...)
				g.Expect(code).To(Equal(1))
				g.Expect(stderr).To(ContainSubstring(test.error))
			})
		}
	}
}

func TestADryRunPrintsWhatWouldBeMade(t *testing.T) {
	g := NewWithT(t)
	args := []string{"--websites=3", "--projects=2", "--themes=2", "--seed=7", "--kubeconfig=" + clitest.Untouched(t)}
	stdout, stderr, code := clitest.Run(t, append(args, "--dry-run")...)
	g.Expect(code).To(BeZero())
	g.Expect(stderr).To(BeEmpty())
	var kinds []string
	for _, document := range strings.Split(stdout, "---\n")[1:] {
		object := &unstructured.Unstructured{}
		g.Expect(yaml.UnmarshalStrict([]byte(document), &object.Object)).To(Succeed())
		kinds = append(kinds, object.GetKind())
		g.Expect(object.GetLabels()).To(HaveKeyWithValue("webhosting.timebertt.dev/generated-by", "samples-generator"))
		g.Expect(object.Object).NotTo(HaveKey("status"))
	}
	g.Expect(kinds).To(HaveExactElements("Namespace", "Namespace", "Theme", "Theme", "Website", "Website", "Website"))

	again, _, _ := clitest.Run(t, append(args, "-o", "yaml")...)
	g.Expect(again).To(Equal(stdout))
	other, _, _ := clitest.Run(t, append(args, "-o", "yaml", "--seed=8")...)
	g.Expect(other).NotTo(Equal(stdout))
}

func TestHelp(t *testing.T) {
	g := NewWithT(t)
	stdout, _, code := clitest.Run(t, "--help")
	g.Expect(code).To(BeZero())
	g.Expect(stdout).To(And(ContainSubstring("Examples:"), ContainSubstring("--seed"), ContainSubstring("Exit codes")))
}
