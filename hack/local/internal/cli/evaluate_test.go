// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli_test

import (
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cli"
)

func TestWhatCannotBeEvaluatedIsAWrongCommandLine(t *testing.T) {
	for _, arguments := range []string{
		"--setups singleton,both", "--setups sharded,sharded", "--setups=", "--scale 0", "--scale 1000", "--shards 0", "--scenario=",
		"--cpu 0.00001", "--timeout 0s", "everything",
	} {
		t.Run(arguments, func(t *testing.T) {
			// Nothing is begun: there is no checkout here.
			t.Chdir(t.TempDir())
			NewWithT(t).Expect(cli.Local(t.Context(), append([]string{"evaluate"}, strings.Fields(arguments)...))).To(Equal(2))
		})
	}
}

func TestReportsNeedTheResultsOfAnEvaluation(t *testing.T) {
	g := NewWithT(t)
	g.Expect(cli.Local(t.Context(), []string{"report"})).To(Equal(2))
	g.Expect(cli.Local(t.Context(), []string{"report", "one", "two"})).To(Equal(2))
	empty := t.TempDir()
	g.Expect(cli.Local(t.Context(), []string{"report", empty})).To(Equal(1))
	g.Expect(filepath.Join(empty, "index.html")).NotTo(BeAnExistingFile())
}
