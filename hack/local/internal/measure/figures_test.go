// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measure

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/figures"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/machine"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

func TestSpread(t *testing.T) {
	for name, test := range map[string]struct {
		shards   []string
		assigned map[string]string
		expected Spread
	}{
		"nothing":      {expected: Spread{Shards: map[string]int{}}},
		"no websites":  {shards: []string{"a"}, expected: Spread{Shards: map[string]int{"a": 0}}},
		"even":         {shards: []string{"a", "b"}, assigned: map[string]string{"1": "a", "2": "b"}, expected: Spread{Shards: map[string]int{"a": 1, "b": 1}, MaxToMean: 1}},
		"an idle one":  {shards: []string{"a", "b"}, assigned: map[string]string{"1": "a", "2": "a"}, expected: Spread{Shards: map[string]int{"a": 2, "b": 0}, MaxToMean: 2}},
		"a stray one":  {shards: []string{"a"}, assigned: map[string]string{"1": "a", "2": "b", "3": "a"}, expected: Spread{Shards: map[string]int{"a": 2, "b": 1}, MaxToMean: 4.0 / 3}},
		"not assigned": {shards: []string{"a"}, assigned: map[string]string{"1": "a", "2": ""}, expected: Spread{Shards: map[string]int{"a": 1, "": 1}, MaxToMean: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			NewWithT(t).Expect(spreadOf(test.shards, test.assigned)).To(Equal(test.expected))
		})
	}
}

func TestChangesOf(t *testing.T) {
	changes := changesOf([]Change{
		{Sent: at(1), Answered: at(1.5), Handled: at(2), Ready: at(3)},
		{Sent: at(1), Answered: at(1.5), Handled: at(4)},
	})
	NewWithT(t).Expect(changes).To(Equal(Changes{
		Answered: figures.Latency{Count: 2, P50: 0.5, P99: 0.5, Max: 0.5},
		Handled:  figures.Latency{Count: 2, P50: 1, P99: 3, Max: 3},
		Ready:    figures.Latency{Count: 1, P50: 2, P99: 2, Max: 2, Unfinished: 1},
	}))
}

func TestOwners(t *testing.T) {
	g := NewWithT(t)
	keys := keysOf(300)
	three := owners(keys, []string{"s-0", "s-1", "s-2"})
	g.Expect(owners(keys, []string{"s-2", "s-0", "s-1"})).To(Equal(three), "the order does not matter")
	four := owners(keys, []string{"s-0", "s-1", "s-2", "s-3"})

	moved := differing(three, four)
	g.Expect(len(moved)).To(BeNumerically("~", 75, 30))
	for _, key := range moved {
		g.Expect(four[key]).To(Equal("s-3"))
	}
	g.Expect(differing(three, three)).To(BeEmpty())
}

func TestKeysAreUniqueAndSpreadOverProjects(t *testing.T) {
	g := NewWithT(t)
	keys := keysOf(45)
	g.Expect(slices.Compact(slices.Sorted(slices.Values(keys)))).To(HaveLen(45))
	inProject := map[string]int{}
	for _, key := range keys {
		namespace, name := split(key)
		g.Expect(name).NotTo(BeEmpty())
		inProject[namespace]++
	}
	g.Expect(inProject).To(HaveLen(20))
	g.Expect(inProject).To(HaveKeyWithValue("measure-00", 3))
	g.Expect(inProject).To(HaveKeyWithValue("measure-19", 2))
}

func TestChurnIsRepeatableAndAlwaysChangesTheTheme(t *testing.T) {
	g := NewWithT(t)
	keys := keysOf(5)
	sequence := func(seed uint64) []string {
		churn := newChurn(nil, NewTracker(), clocktesting.NewFakeClock(start), keys, 10, seed)
		var chosen []string
		for range 50 {
			before := maps.Clone(churn.themes)
			key, theme := churn.next()
			g.Expect(theme).NotTo(Equal(before[key]))
			chosen = append(chosen, key+"="+themeName(theme))
		}
		return chosen
	}
	g.Expect(sequence(1)).To(Equal(sequence(1)))
	g.Expect(sequence(1)).NotTo(Equal(sequence(2)))
}

func TestScenarios(t *testing.T) {
	g := NewWithT(t)
	scenarios, err := Scenarios([]string{"crash-leader", "join"}, true)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(scenarios).To(HaveExactElements(
		Scenario{Event: Crash, Leader: true}, Scenario{Event: Crash, Leader: true, Churn: true},
		Scenario{Event: Join}, Scenario{Event: Join, Churn: true},
	))
	quiet, err := Scenarios(Names, false)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(quiet).To(HaveLen(len(Names)))
	_, err = Scenarios([]string{"jump"}, true)
	g.Expect(err).To(MatchError(ContainSubstring(`unknown scenario "jump"`)))
}

func TestPossibleScenarios(t *testing.T) {
	g := NewWithT(t)
	join, leaderLeaves := Scenario{Event: Join, Probed: true, Churn: true}, Scenario{Event: Leave, Leader: true}
	g.Expect(join.String()).To(Equal("join, probed, changes"))
	for _, mode := range []operator.Mode{"sharded", "dedicated"} {
		g.Expect(join.possible(mode)).To(BeTrue())
	}
	g.Expect(leaderLeaves.possible("sharded")).To(BeTrue())
	g.Expect(leaderLeaves.possible("dedicated")).To(BeFalse(), "no shard leads")
}

func TestMembers(t *testing.T) {
	const s0, s1, s2, s3 = "webhosting-operator-0", "webhosting-operator-1", "webhosting-operator-2", "webhosting-operator-3"
	for name, test := range map[string]struct {
		scenario Scenario
		after    []string
		subject  string
	}{
		"one that does not lead": {scenario: Scenario{Event: Leave}, after: []string{s0, s2}, subject: s1},
		"the one that leads":     {scenario: Scenario{Event: Crash, Leader: true}, after: []string{s0, s1}, subject: s2},
		"one more":               {scenario: Scenario{Event: Join}, after: []string{s0, s1, s2, s3}, subject: s3},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			before, after, subject := test.scenario.members(3, s2)
			g.Expect(before).To(HaveExactElements(s0, s1, s2))
			g.Expect(after).To(Equal(test.after))
			g.Expect(subject).To(Equal(test.subject))
		})
	}
}

func TestReport(t *testing.T) {
	g := NewWithT(t)
	report := Report{
		Websites: 10, Shards: 3,
		Fills: []Fill{{
			Setup: "sharded", Ready: seconds(2 * time.Second),
			Writes: Writes{Operator: 50, Conflicts: 1, Kinds: []WriteKind{{By: "shards", Verb: "patch", Resource: "services", Count: 10, Refused: map[int]int{409: 1}}}},
			Usage:  []machine.Usage{{Instance: "s-0", Leads: true, RSS: 60e6}},
		}},
		Changes: []Outcome{{Scenario: Scenario{Event: Crash}, Moved: 3, Ideal: 3, Placed: seconds(16 * time.Second), Notes: []string{"slow"}}},
	}
	var out bytes.Buffer
	g.Expect(report.Text(&out)).To(Succeed())
	g.Expect(out.String()).To(And(
		ContainSubstring("| s-0 (leads) | 60 MB |"),
		ContainSubstring("all Ready after 2.00 s"),
		ContainSubstring("50 (5.00 a website), refused with 409: 1 (2.00 %)"),
		ContainSubstring("| shards | patch services | 10    | 1.00        | 1 with 409 |"),
		MatchRegexp(`\| crash, quiet \| -\s+\| -\s+\| 16.00 s \| -`),
		ContainSubstring("- crash, quiet: slow"),
	))
	g.Expect(report.JSON(&out)).To(Succeed())
}
