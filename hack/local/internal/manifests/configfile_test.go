// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/manifests"
)

const overlay = `
apiVersion: v1
kind: ConfigMap
metadata: {name: other}
data: {config.yaml: other}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: webhosting-operator-f4kbc7mhh2}
data: {config.yaml: wanted}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: webhosting-operator}
spec:
  template:
    spec:
      containers:
      - args: [--config=/etc/operator/config.yaml, --shard-name=$(POD_NAME)]
        volumeMounts:
        - {name: other, mountPath: /etc/other}
        - {name: config, mountPath: /etc/operator}
      volumes:
      - {name: other, configMap: {name: other}}
      - {name: config, configMap: {name: webhosting-operator-f4kbc7mhh2}}
`

func TestConfigFile(t *testing.T) {
	g := NewWithT(t)
	objects, err := manifests.Parse([]byte(overlay))
	g.Expect(err).NotTo(HaveOccurred())

	content, err := manifests.ConfigFile(objects, "webhosting-operator")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(content)).To(Equal("wanted"))
}

func TestConfigFilesInTheirOrder(t *testing.T) {
	g := NewWithT(t)
	objects, err := manifests.Parse([]byte(strings.Replace(overlay,
		"--config=/etc/operator/config.yaml", "--config=/etc/operator/config.yaml, --config=/etc/other/config.yaml", 1)))
	g.Expect(err).NotTo(HaveOccurred())

	contents, err := manifests.ConfigFiles(objects, "webhosting-operator")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(contents).To(HaveExactElements([]byte("wanted"), []byte("other")))
	content, err := manifests.ConfigFile(objects, "webhosting-operator")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(content)).To(Equal("wanted"))
}

func TestConfigFileSaysWhatIsMissing(t *testing.T) {
	for name, test := range map[string]struct{ old, new, expected string }{
		"no deployment": {"kind: Deployment", "kind: StatefulSet", "no Deployment"},
		"no argument":   {"--config=", "--file=", "no container"},
		"no mount":      {"mountPath: /etc/operator", "mountPath: /etc", "mounts no ConfigMap"},
		"no ConfigMap":  {"metadata: {name: webhosting-operator-f4kbc7mhh2}", "metadata: {name: x}", "no ConfigMap webhosting-operator-f4kbc7mhh2"},
		"no key":        {"data: {config.yaml: wanted}", "data: {}", "no key config.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(overlay).To(ContainSubstring(test.old))
			objects, err := manifests.Parse([]byte(strings.Replace(overlay, test.old, test.new, 1)))
			g.Expect(err).NotTo(HaveOccurred())

			_, err = manifests.ConfigFile(objects, "webhosting-operator")
			g.Expect(err).To(MatchError(ContainSubstring(test.expected)))
		})
	}
}
