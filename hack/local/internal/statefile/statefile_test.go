// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package statefile_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/statefile"
)

type state struct{ Name string }

func TestWriteThenRead(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "folder", "state.json")

	g.Expect(statefile.Write(path, state{Name: "old"})).To(Succeed())
	g.Expect(statefile.Write(path, state{Name: "new"})).To(Succeed())

	var read state
	g.Expect(statefile.Read(path, &read)).To(Succeed())
	g.Expect(read.Name).To(Equal("new"))
	g.Expect(os.ReadDir(filepath.Dir(path))).To(HaveLen(1), "no temporary file may be left")
}

func TestReadOfNothingKeepsTheValue(t *testing.T) {
	g := NewWithT(t)
	read := state{Name: "default"}
	g.Expect(statefile.Read(filepath.Join(t.TempDir(), "none.json"), &read)).To(Succeed())
	g.Expect(read.Name).To(Equal("default"))
}

func TestReadNamesTheBrokenFile(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "state.json")
	g.Expect(os.WriteFile(path, []byte("{"), 0o600)).To(Succeed())
	g.Expect(statefile.Read(path, &state{})).To(MatchError(ContainSubstring("state.json")))
}

func TestReplaceSetsTheMode(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "token")
	g.Expect(statefile.Replace(path, []byte("public"), 0o640)).To(Succeed())
	info, err := os.Stat(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(info.Mode().Perm()).To(Equal(os.FileMode(0o640)))
}
