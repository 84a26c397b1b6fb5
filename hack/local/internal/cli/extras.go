// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package cli

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/bringup"
	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/cpushare"
)

func addExtras(flags *pflag.FlagSet, extras *bringup.Extras) {
	flags.BoolVar(&extras.Prometheus, "prometheus", false, "run Prometheus beside it; stays as it was if left out, like the two below")
	flags.BoolVar(&extras.Profiling, "profiling", false, "have the instances serve profiles")
	flags.Float64Var(&extras.CPU, "cpu", 0, "number of processors that each instance may use, like 0.25; 0: all that there are")
}

// changed returns what there was, with what the flags say.
func changed(before, flags bringup.Extras, given func(flag string) bool) (bringup.Extras, error) {
	if given("prometheus") {
		before.Prometheus = flags.Prometheus
	}
	if given("profiling") {
		before.Profiling = flags.Profiling
	}
	if given("cpu") {
		before.CPU = flags.CPU
	}
	if before.CPU == 0 {
		return before, nil
	}
	if err := cpushare.Check(before.CPU); err != nil {
		return before, fmt.Errorf("--cpu: %w", err)
	}
	return before, nil
}
