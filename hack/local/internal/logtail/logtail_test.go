// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package logtail_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/logtail"
)

func TestTail(t *testing.T) {
	for name, test := range map[string]struct{ content, expected string }{
		"fewer lines":  {"one\n", "one"},
		"more lines":   {"one\ntwo\nthree\n", "two\nthree"},
		"empty":        {"", ""},
		"a large file": {strings.Repeat("filler\n", 100_000) + "one\ntwo\n", "one\ntwo"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			path := filepath.Join(t.TempDir(), "log")
			g.Expect(os.WriteFile(path, []byte(test.content), 0o600)).To(Succeed())
			g.Expect(logtail.Tail(path, 2)).To(Equal(test.expected))
		})
	}
	NewWithT(t).Expect(logtail.Tail(filepath.Join(t.TempDir(), "none"), 2)).To(BeEmpty())
}
