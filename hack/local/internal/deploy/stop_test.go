// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package deploy

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/operator"
)

func TestModeOf(t *testing.T) {
	for config, want := range map[string]operator.Mode{
		"":                           operator.Singleton,
		"sharding: {mode: None}":     operator.Singleton,
		"sharding: {mode: Both}":     operator.Sharded,
		"sharding: {mode: Shard}":    operator.Dedicated,
		"sharding: {mode: Sharder}":  "",
		"{":                          "",
		"other: {mode: Both}":        operator.Singleton,
		"sharding: {mode: Whatever}": "",
	} {
		g := NewWithT(t)
		g.Expect(modeOf([]byte(config))).To(Equal(want), config)
	}
}
