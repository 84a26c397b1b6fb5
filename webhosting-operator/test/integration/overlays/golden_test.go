// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package overlays_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// TestGolden shows every change to what a cluster gets in review. The CRDs are left out: they are generated files of
// their own.
func TestGolden(t *testing.T) {
	for _, folder := range []string{
		"overlays/singleton", "overlays/sharded", "overlays/sharded-dedicated",
		inTestdata("debug"), inTestdata("ingress"), inTestdata("monitoring"), inTestdata("all"),
	} {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			g := NewWithT(t)
			rendered, err := render(t.Context(), folder)
			g.Expect(err).NotTo(HaveOccurred())
			rest, crds := cutCRDs(rendered)
			g.Expect(crds).To(Equal(2))

			golden := filepath.Join("testdata", filepath.Base(folder)+".yaml")
			if *update {
				g.Expect(os.WriteFile(golden, []byte(rest), 0o644)).To(Succeed())
			}
			want, err := os.ReadFile(golden)
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(rest).To(Equal(string(want)), "run `go test ./test/integration/overlays -run TestGolden -update` if this is meant")
		})
	}
}

// inTestdata returns the path, from the folder config, of a kustomization that puts components on top of an overlay.
func inTestdata(name string) string {
	return filepath.Join("../test/integration/overlays/testdata", name)
}

// cutCRDs returns the documents that are no CRDs, and the number of those that are.
func cutCRDs(documents string) (rest string, crds int) {
	var kept []string
	for document := range strings.SplitSeq(documents, "\n---\n") {
		if strings.Contains(document, "\nkind: CustomResourceDefinition\n") {
			crds++
			continue
		}
		kept = append(kept, document)
	}
	return strings.Join(kept, "\n---\n"), crds
}
