// SPDX-FileCopyrightText: The kubernetes-controller-sharding authors
// SPDX-License-Identifier: Apache-2.0

package applied_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/timebertt/kubernetes-controller-sharding/hack/local/internal/applied"
)

func TestObsolete(t *testing.T) {
	g := NewWithT(t)
	kept := applied.Reference{APIVersion: "v1", Kind: "Service", Namespace: "a", Name: "kept"}
	dropped := applied.Reference{APIVersion: "v1", Kind: "Service", Namespace: "a", Name: "dropped"}
	elsewhere := applied.Reference{APIVersion: "v1", Kind: "Service", Namespace: "b", Name: "kept"}
	namespace := applied.Reference{APIVersion: "v1", Kind: "Namespace", Name: "a"}
	definition := applied.Reference{APIVersion: "apiextensions.k8s.io/v1", Kind: "CustomResourceDefinition", Name: "websites"}

	before := []applied.Reference{namespace, definition, kept, dropped, elsewhere}
	g.Expect(applied.Obsolete(before, []applied.Reference{kept})).To(Equal([]applied.Reference{dropped, elsewhere}))
	g.Expect(applied.Obsolete(before, before)).To(BeEmpty())
	g.Expect(applied.Obsolete(nil, before)).To(BeEmpty())
	g.Expect(before).To(HaveLen(5), "the input stays as it was")

	g.Expect(applied.Without(before, []applied.Reference{kept, dropped})).To(Equal([]applied.Reference{namespace, definition, elsewhere}),
		"what is never removed in passing is still remembered")
}
