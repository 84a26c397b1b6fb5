// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluate_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluate"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

func TestEachSetupGetsTheSameLoadOnAClusterOfItsOwn(t *testing.T) {
	g := NewWithT(t)
	p := newPlay(t, operator.Singleton, operator.Sharded)
	outcome, err := p.Run(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(outcome).To(Equal(evaluate.Outcome{}))
	g.Expect(p.stage.calls).To(HaveExactElements("prepare", "raise singleton", "clear", "raise sharded", "clear"))
	g.Expect(p.calls("experiment")).To(HaveExactElements(
		"scenarios -o json basic --scale 0.5 --set hold=30s",
		And(HavePrefix("run basic --scale 0.5 --set hold=30s "), ContainSubstring("--setup singleton --setup-timeout 1m0s"), ContainSubstring("--seed 7 --prometheus http://prometheus")),
		And(HavePrefix("run basic --scale 0.5 --set hold=30s "), ContainSubstring("--setup sharded"), ContainSubstring("--seed 7 ")),
	))

	g.Expect(p.left()).To(HaveExactElements("one"))
	for _, file := range []string{"evaluation.json", "index.html", "summary.md", "singleton/load/result.json", "sharded/load/result.json"} {
		g.Expect(filepath.Join(p.Folder, file)).To(BeARegularFile())
	}
	about, err := os.ReadFile(filepath.Join(p.Folder, "evaluation.json"))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(about)).To(And(ContainSubstring(`"kubernetes": "v1.2.3"`), ContainSubstring(
		`"bin/local evaluate --setups singleton,sharded --scenario basic --scale 0.5 --shards 3 --seed 7 --set hold=30s"`)))
}

func TestPrometheusIsAskedAboutTheLoadTheHoldAndTheIdleTime(t *testing.T) {
	g := NewWithT(t)
	p := newPlay(t, operator.Singleton)
	_, err := p.Run(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.calls("measure")).To(HaveExactElements(
		HavePrefix("ROOT/hack/evaluate/load.yaml --prometheus http://prometheus --start 2026-01-05T09:30:00Z --end 2026-01-05T09:34:00Z "),
		HavePrefix("ROOT/hack/evaluate/hold.yaml --prometheus http://prometheus --start 2026-01-05T09:32:00Z --end 2026-01-05T09:34:00Z "),
		HavePrefix("ROOT/hack/evaluate/idle.yaml --prometheus http://prometheus --start 2026-01-05T09:34:30Z --end 2026-01-05T09:35:00Z "),
	))
}

func TestWhatIsNotAsItShouldBeIsInTheReport(t *testing.T) {
	for name, test := range map[string]struct {
		experiment, measure string
		expected            evaluate.Outcome
		told                string
	}{
		"invalid": {
			experiment: `[ "$setup" != sharded ] || exit 3`,
			expected:   evaluate.Outcome{Invalid: []string{"sharded"}},
			told:       "the run of the set-up sharded is INVALID: the report says why\n",
		},
		"missed": {
			measure:  `[ "$start" != 2026-01-05T09:30:00Z ] || { echo "queue-p99 MISSED"; exit 3; }`,
			expected: evaluate.Outcome{Missed: []string{"singleton", "sharded"}},
			told:     "the set-up singleton MISSED a service level objective\nthe set-up sharded MISSED a service level objective\n",
		},
		"missed while searching for the capacity": {
			experiment: `echo '{"valid": true, "capacity": [{"shards": 1}]}' >"$results/result.json"`,
			measure:    `exit 3`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			p := newPlay(t, operator.Singleton, operator.Sharded)
			p.experiment(test.experiment)
			p.measure(test.measure)
			outcome, err := p.Run(t.Context())
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(outcome).To(Equal(test.expected))
			g.Expect(filepath.Join(p.Folder, "index.html")).To(BeARegularFile())
			var told bytes.Buffer
			g.Expect(outcome.Tell(&told)).To(Equal(test.told == ""))
			g.Expect(told.String()).To(Equal(test.told))
		})
	}
}

func TestMissedObjectivesAreTold(t *testing.T) {
	g := NewWithT(t)
	p := newPlay(t, operator.Singleton)
	p.measure(`echo "requests fine"; echo "queue-p99 MISSED"; exit 3`)
	_, err := p.Run(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.progress.String()).To(And(ContainSubstring("queue-p99 MISSED"), Not(ContainSubstring("requests fine"))))
}

func TestLoadsThatCannotBeAreRefusedBeforeAnythingStarts(t *testing.T) {
	for name, test := range map[string]struct{ experiment, message string }{
		"unknown scenario": {`echo "experiment: unknown scenario" >&2; exit 2`, "experiment: unknown scenario"},
		"instances that do something to each other, and only one": {`echo '[{"needs": ["fleet"]}]'`, "leave that set-up out"},
		"a phase that is too short to be measured":                {`echo '[{"settings": {"hold": "30s", "idle": "30s"}}]'`, "--set idle=40s"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			p := newPlay(t, operator.Singleton, operator.Sharded)
			p.program("experiment", test.experiment)
			_, err := p.Run(t.Context())
			g.Expect(err).To(And(MatchError(evaluate.ErrRefused), MatchError(ContainSubstring(test.message))))
			g.Expect(p.stage.calls).To(HaveExactElements("prepare"))
			g.Expect(p.left()).To(BeEmpty())
		})
	}
}

func TestPhasesMayBeLeftOut(t *testing.T) {
	g := NewWithT(t)
	p := newPlay(t, operator.Singleton)
	p.settings = `{"hold": "20s", "idle": "0s"}`
	p.experiment("")
	_, err := p.Run(t.Context())
	g.Expect(err).NotTo(HaveOccurred())
}

func TestResultsAreNeverOverwritten(t *testing.T) {
	g := NewWithT(t)
	p := newPlay(t, operator.Singleton)
	g.Expect(os.MkdirAll(p.Folder, 0o755)).To(Succeed())
	_, err := p.Run(t.Context())
	g.Expect(err).To(MatchError(ContainSubstring("never overwritten")))
	g.Expect(p.stage.calls).To(HaveExactElements("prepare"))
}

func TestNothingStaysOfAnEvaluationThatFailed(t *testing.T) {
	failure := errors.New("out of order")
	for name, test := range map[string]struct {
		change  func(*play)
		message string
		calls   []string
	}{
		"the stage is not empty":      {func(p *play) { p.stage.fails["prepare"] = failure }, "out of order", []string{"prepare"}},
		"the set-up does not start":   {func(p *play) { p.stage.fails["raise sharded"] = failure }, "set-up sharded: out of order", nil},
		"the set-up does not end":     {func(p *play) { p.stage.fails["clear"] = failure }, "set-up singleton: out of order", []string{"prepare", "raise singleton", "clear"}},
		"the experiment fails":        {func(p *play) { p.experiment(`[ "$setup" != sharded ] || exit 1`) }, "set-up sharded: running experiment: exit status 1", nil},
		"half a result":               {func(p *play) { p.experiment(`[ "$setup" != sharded ] || echo '{"valid":' >"$results/result.json"`) }, "what the experiment left behind", nil},
		"no result":                   {func(p *play) { p.experiment(`[ "$setup" != sharded ] || rm "$results/result.json"`) }, "result.json", nil},
		"Prometheus does not answer":  {func(p *play) { p.measure("exit 1") }, "running measure: exit status 1", []string{"prepare", "raise singleton", "clear"}},
		"a file of queries is broken": {func(p *play) { p.measure("exit 2") }, "running measure: exit status 2", []string{"prepare", "raise singleton", "clear"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			p := newPlay(t, operator.Singleton, operator.Sharded)
			test.change(p)
			_, err := p.Run(t.Context())
			g.Expect(err).To(MatchError(ContainSubstring(test.message)))
			if test.calls == nil {
				test.calls = []string{"prepare", "raise singleton", "clear", "raise sharded", "clear"}
			}
			g.Expect(p.stage.calls).To(HaveExactElements(test.calls))
			g.Expect(p.left()).To(BeEmpty())
		})
	}
}

// interrupting is a stage on which everything is interrupted when a set-up has started.
type interrupting struct {
	*stage
	interrupt context.CancelFunc
}

func (i interrupting) Raise(ctx context.Context, mode operator.Mode) (evaluate.Raised, error) {
	defer i.interrupt()
	return i.stage.Raise(ctx, mode)
}

func TestNothingStaysOfAnEvaluationThatWasInterrupted(t *testing.T) {
	g := NewWithT(t)
	ctx, cancel := context.WithCancel(t.Context())
	p := newPlay(t, operator.Singleton, operator.Sharded)
	p.Stage = interrupting{stage: p.stage, interrupt: cancel}
	_, err := p.Run(ctx)
	g.Expect(err).To(MatchError(context.Canceled))
	g.Expect(p.stage.calls).To(HaveExactElements("prepare", "raise singleton", "clear"), "the cluster is ended all the same")
	g.Expect(p.left()).To(BeEmpty())
}
