// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

// Package manifests_test looks at the sharder's manifests in the folder config: as they are rendered, and as a real API
// server takes them.
package manifests_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

const defaultFolder = "../../../../config/default"

// TestGolden shows every change to what a cluster gets in review. The CRD is left out: it is a generated file of its own.
func TestGolden(t *testing.T) {
	for name, folder := range map[string]string{"default": defaultFolder, "cert-manager": "testdata/cert-manager", "components": "testdata/components"} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			rendered, err := kubectl(t.Context(), nil, "kustomize", folder)
			g.Expect(err).NotTo(HaveOccurred(), rendered)
			for _, argument := range regexp.MustCompile(`--config=/etc/sharder/(\S+)`).FindAllStringSubmatch(rendered, -1) {
				g.Expect(rendered).To(ContainSubstring("\n  "+argument[1]+": |\n"), "the ConfigMap has each file that is named")
			}
			var documents []string
			for document := range strings.SplitSeq(rendered, "\n---\n") {
				if !strings.Contains(document, "\nkind: CustomResourceDefinition\n") {
					documents = append(documents, document)
				}
			}
			got, golden := strings.Join(documents, "\n---\n"), filepath.Join("testdata", name+".yaml")
			if *update {
				g.Expect(os.WriteFile(golden, []byte(got), 0o644)).To(Succeed())
			}
			want, err := os.ReadFile(golden)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(got).To(Equal(string(want)), "run `go test ./test/integration/manifests -run TestGolden -update` if this is meant")
		})
	}
}

// kubectl returns all that it printed.
func kubectl(ctx context.Context, stdin []byte, args ...string) (string, error) {
	var output bytes.Buffer
	command := exec.CommandContext(ctx, filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"), args...)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(stdin), &output, &output
	err := command.Run()
	return output.String(), err
}
