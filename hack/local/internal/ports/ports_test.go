// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package ports_test

import (
	"net"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/ports"
)

func free(int) bool { return true }

func TestChooseGivesEachNameItsOwnPort(t *testing.T) {
	g := NewWithT(t)
	chosen, changes, err := ports.Choose([]string{"a", "b", "c"}, nil, 7, free)

	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(chosen).To(Equal(map[string]int{"a": 20007, "b": 20008, "c": 20009}))
	g.Expect(changes).To(BeEmpty())
}

func TestChooseStartsElsewhereForAnotherSeed(t *testing.T) {
	g := NewWithT(t)
	one, _, err := ports.Choose([]string{"a"}, nil, 1, free)
	g.Expect(err).NotTo(HaveOccurred())
	other, _, err := ports.Choose([]string{"a"}, nil, 60000, free)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(one["a"]).NotTo(Equal(other["a"]))
}

func TestChooseKeepsWhatIsFreeAndTellsWhatChanged(t *testing.T) {
	g := NewWithT(t)
	chosen, changes, err := ports.Choose(
		[]string{"new", "kept", "busy"},
		map[string]int{"kept": 20007, "busy": 25000, "gone": 26000},
		7,
		func(port int) bool { return port != 25000 },
	)

	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(chosen).To(Equal(map[string]int{"new": 20008, "kept": 20007, "busy": 20009}))
	g.Expect(changes).To(ConsistOf(ports.Change{Name: "busy", Old: 25000, New: 20009}))
}

func TestChooseNeverGivesOnePortTwice(t *testing.T) {
	g := NewWithT(t)
	chosen, _, err := ports.Choose([]string{"a", "b"}, map[string]int{"a": 21000, "b": 21000}, 0, free)

	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(chosen["a"]).NotTo(Equal(chosen["b"]))
}

func TestChooseFailsWhenNothingIsFree(t *testing.T) {
	_, _, err := ports.Choose([]string{"a"}, nil, 0, func(int) bool { return false })
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("choosing a port for a")))
}

func TestFree(t *testing.T) {
	g := NewWithT(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	port := listener.Addr().(*net.TCPAddr).Port

	g.Expect(ports.Free(port)).To(BeFalse())
	ports.WaitFree(t.Context(), 50*time.Millisecond, port)
	g.Expect(ports.Free(port)).To(BeFalse(), "the wait has a limit")

	go func() { _ = listener.Close() }()
	ports.WaitFree(t.Context(), 10*time.Second, port)
	g.Expect(ports.Free(port)).To(BeTrue())
}
