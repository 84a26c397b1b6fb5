// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package evaluate_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/checkout"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/evaluate"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

// stage has no clusters; it notes what it was asked for, and fails where it is told to.
type stage struct {
	calls []string
	fails map[string]error
}

func (s *stage) call(name string) error {
	s.calls = append(s.calls, name)
	return s.fails[name]
}

func (s *stage) Prepare(context.Context) error { return s.call("prepare") }

func (s *stage) Raise(_ context.Context, mode operator.Mode) (evaluate.Raised, error) {
	return evaluate.Raised{Prometheus: "http://prometheus", Kubernetes: "v1.2.3"}, s.call("raise " + string(mode))
}

func (s *stage) Clear(context.Context) error { return s.call("clear") }

// result is what the experiment leaves behind if nothing else is asked for.
const result = `{"begin": "2026-01-05T09:30:00Z", "end": "2026-01-05T09:35:00Z", "valid": true, "phases": [
{"name": "fill", "begin": "2026-01-05T09:30:00Z", "end": "2026-01-05T09:32:00Z"},
{"name": "hold", "begin": "2026-01-05T09:32:00Z", "end": "2026-01-05T09:34:00Z"},
{"name": "idle", "begin": "2026-01-05T09:34:00Z", "end": "2026-01-05T09:35:00Z"}]}`

// play is an evaluation with programs that do nothing but note how they were called.
type play struct {
	t     *testing.T
	stage *stage
	*evaluate.Evaluation
	progress bytes.Buffer
	// settings are those that the experiment says the scenario has.
	settings string
}

func newPlay(t *testing.T, setups ...operator.Mode) *play {
	t.Helper()
	g := NewWithT(t)
	root := t.TempDir()
	for _, folder := range []string{"bin", "hack/programs"} {
		g.Expect(os.MkdirAll(filepath.Join(root, folder), 0o755)).To(Succeed())
	}
	g.Expect(os.WriteFile(filepath.Join(root, "hack/programs/go.mod"), nil, 0o600)).To(Succeed())
	c, err := checkout.Find(root)
	g.Expect(err).NotTo(HaveOccurred())
	p := &play{t: t, stage: &stage{fails: map[string]error{}}, settings: `{}`}
	p.Evaluation = &evaluate.Evaluation{
		Checkout: c, Stage: p.stage, Setups: setups, Shards: 3, Scenario: "basic", Scale: 0.5, Set: []string{"hold=30s"}, Seed: 7,
		Folder: filepath.Join(root, "results", "one"), Timeout: time.Minute, Progress: &p.progress,
	}
	p.experiment("")
	p.measure("")
	return p
}

// experiment is the program: shell that is run after it has left a result behind, and which may change that.
func (p *play) experiment(after string) {
	p.program("experiment", `
if [ "$1" = scenarios ]; then echo '[{"settings": `+p.settings+`}]'; exit 0; fi
mkdir -p "$results"
cat >"$results/result.json" <<END
`+result+`
END
`+after)
}

// measure is the program.
func (p *play) measure(after string) { p.program("measure", after) }

// program writes a program to the checkout. The values of the flags --setup, --results and --start are in variables.
func (p *play) program(name, script string) {
	p.t.Helper()
	header := fmt.Sprintf(`#!/bin/sh
echo "%s $*" >>"%s"
last=
for argument; do
  case $last in --setup) setup=$argument;; --results) results=$argument;; --start) start=$argument;; esac
  last=$argument
done
`, name, p.Checkout.Path("calls"))
	NewWithT(p.t).Expect(os.WriteFile(p.Checkout.Path("bin/"+name), []byte(header+script+"\n"), 0o700)).To(Succeed())
}

// calls returns how a program was called, leaving out whose name it is.
func (p *play) calls(program string) []string {
	p.t.Helper()
	content, err := os.ReadFile(p.Checkout.Path("calls"))
	NewWithT(p.t).Expect(err).NotTo(HaveOccurred())
	var calls []string
	for line := range strings.Lines(string(content)) {
		if arguments, ok := strings.CutPrefix(strings.TrimSpace(line), program+" "); ok {
			calls = append(calls, strings.ReplaceAll(arguments, p.Checkout.Path(""), "ROOT"))
		}
	}
	return calls
}

// left are the names in the folder with the results.
func (p *play) left() []string {
	p.t.Helper()
	entries, err := os.ReadDir(filepath.Dir(p.Folder))
	if os.IsNotExist(err) {
		return nil
	}
	NewWithT(p.t).Expect(err).NotTo(HaveOccurred())
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}
