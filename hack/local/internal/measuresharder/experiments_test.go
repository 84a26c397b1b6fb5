// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package measuresharder

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestNames(t *testing.T) {
	g := NewWithT(t)
	g.Expect(CheckNames([]string{"join", "admission"})).To(Succeed())
	g.Expect(CheckNames([]string{"join", "jump"})).To(MatchError(And(ContainSubstring(`"jump"`), ContainSubstring("footprint"))))
	g.Expect(CheckNames(nil)).To(MatchError(ContainSubstring("admission")))
}

func TestTheExperimentThatBringsBackWhatRanIsTheLastOne(t *testing.T) {
	all := Names()
	NewWithT(t).Expect(all[len(all)-1]).To(Equal("websites"))
}

func TestVariant(t *testing.T) {
	command := []string{"/bin/sharder", "--config=x", "--webhook-bind-address=127.0.0.1:7", "--metrics-bind-address=127.0.0.1:8"}
	const config = "kind: SharderConfig\nwebhook:\n  url: https://127.0.0.1:7\n"

	for name, test := range map[string]struct {
		variant variant
		webhook string
		config  string
	}{
		"as usual": {webhook: "--webhook-bind-address=127.0.0.1:7", config: config},
		"mute":     {variant: variant{mute: true}, webhook: "--webhook-bind-address=0", config: config},
		"profiled": {
			variant: variant{profiled: true}, webhook: "--webhook-bind-address=127.0.0.1:7",
			config: "debugging:\n  enableProfiling: true\n" + config,
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(test.variant.arguments(command)).To(HaveExactElements(
				"/bin/sharder", "--config=x", test.webhook, "--metrics-bind-address=127.0.0.1:8"))
			g.Expect(command).To(ContainElement("--webhook-bind-address=127.0.0.1:7"), "what was given stays")
			changed, err := test.variant.config([]byte(config))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(changed).To(MatchYAML(test.config))
			usual, err := variant{}.config(changed)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(usual).To(MatchYAML(config), "it can be undone")
		})
	}
}

func TestVariantOfABrokenFile(t *testing.T) {
	_, err := variant{}.config([]byte("{"))
	NewWithT(t).Expect(err).To(HaveOccurred())
}
