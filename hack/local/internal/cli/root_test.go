// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"context"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cli"
)

func TestExitCodes(t *testing.T) {
	for name, run := range map[string]func(context.Context, []string) int{"local": cli.Local, "cluster": cli.Cluster} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(run(t.Context(), nil)).To(BeZero(), "nothing asks for help")
			g.Expect(run(t.Context(), []string{"--help"})).To(BeZero())
			g.Expect(run(t.Context(), []string{"bogus"})).To(Equal(2), "an unknown command")
			g.Expect(run(t.Context(), []string{"--bogus"})).To(Equal(2), "an unknown flag")
		})
	}
}
