// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package filelock_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/filelock"
)

func TestTryIsRefusedWhileHeld(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "folder", "lock")

	held, err := filelock.Try(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(held).NotTo(BeNil())

	g.Expect(filelock.Held(path)).To(BeTrue())
	refused, err := filelock.Try(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(refused).To(BeNil())

	held.Release()
	g.Expect(filelock.Held(path)).To(BeFalse())
	again, err := filelock.Try(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(again).NotTo(BeNil())
	again.Release()
}

func TestAcquireWaitsAndSaysSo(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "lock")
	held, err := filelock.Try(path)
	g.Expect(err).NotTo(HaveOccurred())

	said := 0
	acquired, err := filelock.Acquire(t.Context(), path, func() { said++; held.Release() })
	g.Expect(err).NotTo(HaveOccurred())
	defer acquired.Release()
	g.Expect(said).To(Equal(1))
}

func TestAcquireEndsWithItsContext(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "lock")
	held, err := filelock.Try(path)
	g.Expect(err).NotTo(HaveOccurred())
	defer held.Release()

	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err = filelock.Acquire(ctx, path, func() {})
	g.Expect(err).To(MatchError(context.DeadlineExceeded))
}
