// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package report_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cluster"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/report"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/supervisor"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/websites"
)

var some = []websites.Website{
	{Namespace: "garden", Name: "herbs", Theme: "lemon", Phase: "Ready", Shard: "webhosting-operator-1"},
	{Namespace: "garden", Name: "orchard", Theme: "lagoon"},
	{Namespace: "museum", Name: "library", Theme: "lagoon", Phase: "Ready", Shard: "webhosting-operator-0"},
}

func TestWebsites(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(report.Websites(&out, some, 10)).To(Succeed())
	g.Expect(out.String()).To(Equal(`NAMESPACE  NAME     THEME   PHASE  SHARD                  PATH
garden     herbs    lemon   Ready  webhosting-operator-1  /garden/herbs
garden     orchard  lagoon  -      -                      /garden/orchard
museum     library  lagoon  Ready  webhosting-operator-0  /museum/library
`))
}

func TestWebsitesSaysWhatItLeftOut(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(report.Websites(&out, some, 2)).To(Succeed())
	g.Expect(out.String()).To(HaveSuffix("... and 1 more\n"))
	g.Expect(out.String()).NotTo(ContainSubstring("library"))
}

func TestNextStepsOfASharded(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(report.NextSteps(&out, "/folder with spaces/kubeconfig", operator.Sharded, 3, some)).To(Succeed())
	g.Expect(out.String()).To(SatisfyAll(
		ContainSubstring("export KUBECONFIG='/folder with spaces/kubeconfig'"),
		ContainSubstring("-L shard.alpha.sharding.timebertt.dev/webhosting-operator"),
		ContainSubstring("patch theme lagoon "),
		ContainSubstring("make up SHARDS=4 "),
		ContainSubstring("make kill SHARD=webhosting-operator-1 "),
		ContainSubstring("make up MODE=singleton "),
		ContainSubstring("make down "),
	))
}

func TestNextStepsWithTheSharderApart(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(report.NextSteps(&out, "/kubeconfig", operator.Dedicated, 3, some)).To(Succeed())
	g.Expect(out.String()).To(SatisfyAll(
		ContainSubstring("make up MODE=dedicated SHARDS=4 "),
		ContainSubstring("make kill SHARD=sharder-0 "),
		ContainSubstring("make up MODE=sharded "),
		ContainSubstring("make up MODE=singleton "),
	))
}

func TestNextStepsOfASingleton(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(report.NextSteps(&out, "/kubeconfig", operator.Singleton, 0, nil)).To(Succeed())
	g.Expect(out.String()).To(SatisfyAll(
		ContainSubstring("make up MODE=sharded "),
		Not(ContainSubstring("make kill")),
		Not(ContainSubstring("patch theme")),
	))
}

func TestStatusOfNothing(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	g.Expect(report.Status{}.Text(&out, time.Time{})).To(Succeed())
	g.Expect(out.String()).To(Equal("nothing is up: start it with `make up`\n"))
}

func TestStatus(t *testing.T) {
	g := NewWithT(t)
	now := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	status := report.Status{
		Mode: operator.Sharded, Shards: 1, Kubeconfig: "/kubeconfig",
		Cluster: cluster.Status{Server: "https://127.0.0.1:1", Components: []cluster.Component{{Name: "etcd", PID: 7}, {Name: "kwok-controller"}}},
		Instances: []report.Instance{{
			InstanceStatus: supervisor.InstanceStatus{Name: "shard-0", State: supervisor.Running, PID: 8, Since: now.Add(-time.Minute)},
			Role:           report.Shard, Ready: true, Websites: 2, Log: "/instances/shard-0/log",
		}, {
			InstanceStatus: supervisor.InstanceStatus{Name: "sharder-1", State: supervisor.Running, PID: 9, Since: now.Add(-time.Minute)},
			Role:           report.Sharder, Leads: true, Log: "/instances/sharder-1/log",
		}},
		Websites: report.Count{Total: 3, Phases: map[string]int{"Ready": 2, "New": 1}, Unassigned: 1},
		Problems: []string{"kwok-controller does not run"},
	}
	var out bytes.Buffer
	g.Expect(status.Text(&out, now)).To(Succeed())
	g.Expect(out.String()).To(SatisfyAll(
		ContainSubstring("etcd (7), kwok-controller (not running)"),
		ContainSubstring("sharded, 1 shards"),
		ContainSubstring("3, 2 Ready, 1 New, 1 without a shard"),
		MatchRegexp(`shard-0 +shard +Running +true +8 +1m0s +0 +2\n`),
		MatchRegexp(`sharder-1 +sharder, leads +Running +false +9 +1m0s +0 +-\n`),
		ContainSubstring("/instances/*/log\n"),
		ContainSubstring("problem: kwok-controller does not run"),
	))

	out.Reset()
	g.Expect(status.JSON(&out)).To(Succeed())
	g.Expect(strings.Count(out.String(), "\n")).To(BeNumerically(">", 10))
	g.Expect(out.String()).To(ContainSubstring(`"unassigned": 1`))
}
