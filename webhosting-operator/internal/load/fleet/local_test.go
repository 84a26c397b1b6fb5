// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package fleet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/fleet"
)

const twoOfThree = `{"healthy": false, "mode": "dedicated", "shards": 3, "instances": [
  {"name": "sharder-0", "role": "sharder", "state": "Running", "ready": true},
  {"name": "operator-2", "role": "shard", "state": "Running", "ready": true},
  {"name": "operator-1", "role": "shard", "state": "Waiting", "ready": false},
  {"name": "operator-0", "role": "shard", "state": "Running", "ready": true}]}`

// newLocal returns a fleet whose command says what the status is, and notes how else it is called.
func newLocal(t *testing.T, status, exitCode string) (fleet.Local, func() []string) {
	t.Helper()
	folder := t.TempDir()
	command, calls := filepath.Join(folder, "local"), filepath.Join(folder, "calls")
	script := "#!/bin/sh\nif [ \"$1\" = status ]; then cat <<'END'\n" + status + "\nEND\nexit " + exitCode + "\nfi\n" +
		"echo \"$@\" >> calls\nif [ \"$2\" = operator-9 ]; then echo 'no such instance' >&2; exit 1; fi\n"
	NewWithT(t).Expect(os.WriteFile(command, []byte(script), 0o700)).To(Succeed())
	return fleet.Local{Command: command, Folder: folder}, func() []string {
		content, err := os.ReadFile(calls)
		if os.IsNotExist(err) {
			return nil
		}
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		return strings.Split(strings.TrimSpace(string(content)), "\n")
	}
}

func TestShardsAreThoseThatAreReady(t *testing.T) {
	g := NewWithT(t)
	local, _ := newLocal(t, twoOfThree, "3") // which means that something is wrong
	g.Expect(local.Shards(t.Context())).To(HaveExactElements("operator-0", "operator-2"))
}

func TestLocalCallsTheCommand(t *testing.T) {
	g := NewWithT(t)
	local, calls := newLocal(t, twoOfThree, "0")
	g.Expect(local.Kill(t.Context(), "operator-2")).To(Succeed())
	g.Expect(local.Restore(t.Context())).To(Succeed())
	g.Expect(local.Scale(t.Context(), 5)).To(Succeed())
	g.Expect(local.Restart(t.Context())).To(Succeed())
	g.Expect(calls()).To(HaveExactElements(
		"kill operator-2", "start", "up --mode dedicated --shards 5 --samples=false", "restart operator-0", "restart operator-2",
	))
	g.Expect(local.Kill(t.Context(), "operator-9")).To(MatchError(ContainSubstring("no such instance")))
}

func TestASingletonCannotBeScaled(t *testing.T) {
	g := NewWithT(t)
	local, calls := newLocal(t, `{"mode": "singleton", "instances": [{"name": "operator", "role": "alone", "ready": true}]}`, "0")
	g.Expect(local.Scale(t.Context(), 2)).To(MatchError(ContainSubstring("cannot be scaled")))
	g.Expect(local.Shards(t.Context())).To(BeEmpty())
	g.Expect(calls()).To(BeEmpty())
}

func TestACommandThatFailsIsAnError(t *testing.T) {
	g := NewWithT(t)
	local, _ := newLocal(t, "", "1")
	_, err := local.Shards(t.Context())
	g.Expect(err).To(MatchError(ContainSubstring("status -o json")))
	local, _ = newLocal(t, "nothing is up", "0")
	_, err = local.Shards(t.Context())
	g.Expect(err).To(MatchError(ContainSubstring("reading what the local cluster runs")))
	_, err = fleet.Local{Command: "/nowhere/local"}.Shards(t.Context())
	g.Expect(err).To(MatchError(ContainSubstring("/nowhere/local")))
}
