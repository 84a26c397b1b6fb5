// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package progress_test

import (
	"bytes"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/webhosting-operator/internal/load/progress"
)

func TestWithoutATerminalThereIsALineNowAndThen(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	clock := clocktesting.NewFakeClock(time.Unix(0, 0))
	task := progress.New(&out, false, clock).Start("creating", 100)
	for range 25 { // 25 s
		clock.Step(time.Second)
		task.Step()
	}
	clock.Step(10 * time.Second)
	task.Set(200, "nearly there")
	task.End()
	g.Expect(out.String()).To(Equal("    0s  creating\n   10s  creating: 10 of 100\n   20s  creating: 20 of 100\n   35s  creating: 100 of 100, nearly there\n"))
}

func TestOnATerminalThereIsABarThatLeavesNothingBehind(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	task := progress.New(&out, true, clocktesting.NewFakeClock(time.Unix(0, 0))).Start("creating", 2)
	task.Set(1, "half")
	g.Expect(out.String()).To(ContainSubstring("creating"))
	task.End()
	g.Expect(out.String()).NotTo(ContainSubstring("\n"))
	g.Expect(out.String()).To(HaveSuffix("\r"))
}
