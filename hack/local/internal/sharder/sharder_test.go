// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package sharder_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/sharder"
)

func TestConfig(t *testing.T) {
	for name, test := range map[string]struct{ content, want string }{
		"nothing about webhooks": {"kind: SharderConfig\n", "kind: SharderConfig\nwebhook:\n  url: https://127.0.0.1:7\n"},
		"something about them": {
			"kind: SharderConfig\nwebhook:\n  serviceName: x\n",
			"kind: SharderConfig\nwebhook:\n  serviceName: x\n  url: https://127.0.0.1:7\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			config, err := sharder.Config([]byte(test.content), 7)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(string(config)).To(Equal(test.want))
		})
	}
	_, err := sharder.Config([]byte("]"), 7)
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("the sharder's configuration")))
}
