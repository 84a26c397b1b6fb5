// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package monitoring

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestInstancesAreScrapedWithTheToken(t *testing.T) {
	g := NewWithT(t)
	content, err := config("/state/token", "/state/targets.json")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(content).To(MatchYAML(`
global: {scrape_interval: 10s, scrape_timeout: 10s}
scrape_configs:
- job_name: instances
  enable_compression: false
  scheme: https
  authorization: {credentials_file: /state/token}
  tls_config: {insecure_skip_verify: true}
  file_sd_configs: [{files: [/state/targets.json], refresh_interval: 10s}]
`))
}

func TestTargetsCarryTheNamesOfInstances(t *testing.T) {
	g := NewWithT(t)
	content, err := targetsFile([]Target{
		{Name: "webhosting-operator-0", Component: "operator", Shard: "webhosting-operator-0", Port: 9101},
		{Name: "sharder-0", Component: "sharder", Port: 9102},
	})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(content).To(MatchJSON(`[
{"targets": ["127.0.0.1:9101"], "labels": {"instance": "webhosting-operator-0", "component": "operator", "shard": "webhosting-operator-0"}},
{"targets": ["127.0.0.1:9102"], "labels": {"instance": "sharder-0", "component": "sharder"}}]`))

	none, err := targetsFile(nil)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(none).To(MatchJSON(`[]`))
}
