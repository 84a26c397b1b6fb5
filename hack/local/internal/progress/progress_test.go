// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package progress_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"k8s.io/utils/clock"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/progress"
)

func TestDuringSaysThatItTakesLong(t *testing.T) {
	g := NewWithT(t)
	now := clocktesting.NewFakeClock(time.Now())
	wrote := make(chan struct{})
	var out bytes.Buffer

	took, err := progress.During(writer{&out, wrote}, now, "[1/2] etcd:", func() error {
		now.Step(21 * time.Second)
		<-wrote
		now.Step(4 * time.Second)
		return errors.New("no compiler")
	})

	g.Expect(err).To(MatchError("no compiler"))
	g.Expect(took).To(Equal(25 * time.Second))
	g.Expect(out.String()).To(Equal("[1/2] etcd: still at it after 21s\n"))
}

// writer tells when something was written.
type writer struct {
	*bytes.Buffer
	wrote chan struct{}
}

func (w writer) Write(content []byte) (int, error) {
	defer close(w.wrote)
	return w.Buffer.Write(content)
}

func TestDuringIsSilentWhenItIsQuick(t *testing.T) {
	g := NewWithT(t)
	var out bytes.Buffer
	_, err := progress.During(&out, clock.RealClock{}, "x", func() error { return nil })
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(out.String()).To(BeEmpty())
}

func TestSeconds(t *testing.T) {
	g := NewWithT(t)
	g.Expect(progress.Seconds(1234 * time.Millisecond)).To(Equal("1.2s"))
	g.Expect(progress.Seconds(83400 * time.Millisecond)).To(Equal("1m23s"))
}
