// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/cli/clitest"
)

func TestMain(m *testing.M) { clitest.Main(m, main) }

func TestBadInput(t *testing.T) {
	for name, test := range map[string]struct {
		args  []string
		error string
	}{
		"no scenario":              {args: []string{"run"}, error: "experiment scenarios"},
		"unknown scenario":         {args: []string{"run", "base"}, error: "basic, reconcile, rolling-update, chaos, scale-out"},
		"scale of 0":               {args: []string{"run", "basic", "--scale=0"}, error: "0.001 to 10, not 0"},
		"scale of 1000":            {args: []string{"run", "basic", "--scale=1000"}, error: "not 1000"},
		"unknown parameter":        {args: []string{"run", "basic", "--set=speed=3"}, error: `"speed=3"`},
		"chaos without a fleet":    {args: []string{"run", "chaos"}, error: "--fleet"},
		"unknown fleet":            {args: []string{"run", "chaos", "--fleet=cloud"}, error: "local, deployment"},
		"no deployment":            {args: []string{"run", "chaos", "--fleet=deployment", "--deployment=operator"}, error: "NAMESPACE/NAME"},
		"scale-out without queues": {args: []string{"run", "scale-out", "--fleet=local"}, error: "--prometheus"},
		"no address":               {args: []string{"run", "scale-out", "--fleet=local", "--prometheus=here"}, error: `"here"`},
		"no address for metrics":   {args: []string{"run", "basic", "--metrics-bind-address=here"}, error: "here"},
		"interval":                 {args: []string{"run", "basic", "--interval=1ms"}, error: "100ms"},
		"timeout":                  {args: []string{"run", "basic", "--cleanup-timeout=0s"}, error: "more than 0"},
		"output":                   {args: []string{"run", "basic", "-o", "xml"}, error: `"xml"`},
		"results that are there":   {args: []string{"run", "basic", "--results=."}, error: "never overwritten"},
		"scale of the list":        {args: []string{"scenarios", "--scale=0"}, error: "not 0"},
		"list of an unknown one":   {args: []string{"scenarios", "base"}, error: "basic, reconcile, rolling-update, chaos, scale-out"},
		"parameter of none":        {args: []string{"scenarios", "--set=hold=30s"}, error: "say which"},
		"parameter of the list":    {args: []string{"scenarios", "basic", "--set=speed=3"}, error: `"speed=3"`},
		"two scenarios":            {args: []string{"scenarios", "basic", "chaos"}, error: "one scenario"},
		"unknown command":          {args: []string{"start"}, error: "start"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			args := test.args
			if args[0] == "run" {
				args = append(args, "--kubeconfig="+clitest.Untouched(t))
			}
			stdout, stderr, code := clitest.Run(t, args...)
			g.Expect(stderr).To(And(HavePrefix("experiment: "), ContainSubstring(test.error)))
			g.Expect(code).To(Equal(2))
			g.Expect(stdout).To(BeEmpty())
		})
	}
}

func TestBadClusters(t *testing.T) {
	for name, test := range map[string]struct{ kubeconfig, error string }{
		"no kubeconfig":       {kubeconfig: "nowhere", error: "loading the kubeconfig"},
		"no cluster":          {kubeconfig: clitest.NoCluster(t), error: "no cluster answers"},
		"without an operator": {kubeconfig: clitest.Bare(t), error: "install the operator there first"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			_, stderr, code := clitest.Run(t, "run", "basic", "--kubeconfig="+test.kubeconfig)
			g.Expect(code).To(Equal(1))
			g.Expect(stderr).To(ContainSubstring(test.error))
		})
	}
}

func TestScenariosAreListed(t *testing.T) {
	g := NewWithT(t)
	stdout, _, code := clitest.Run(t, "scenarios")
	g.Expect(code).To(BeZero())
	g.Expect(stdout).To(And(ContainSubstring("basic: websites come and go"), MatchRegexp(`create +14/s`)))

	stdout, _, code = clitest.Run(t, "scenarios", "--scale=0.1", "-o", "json")
	g.Expect(code).To(BeZero())
	var all []map[string]any
	g.Expect(json.Unmarshal([]byte(stdout), &all)).To(Succeed())
	g.Expect(all).To(HaveLen(5))
	g.Expect(all[0]).To(HaveKeyWithValue("settings", HaveKeyWithValue("create", "4.427/s")))

	stdout, _, code = clitest.Run(t, "scenarios", "scale-out", "--set=window=30s", "-o", "json")
	g.Expect(code).To(BeZero())
	g.Expect(json.Unmarshal([]byte(stdout), &all)).To(Succeed())
	g.Expect(all).To(HaveExactElements(And(
		HaveKeyWithValue("name", "scale-out"), HaveKeyWithValue("settings", HaveKeyWithValue("window", "30s")),
		HaveKeyWithValue("needs", HaveExactElements("fleet", "prometheus")))))
}
